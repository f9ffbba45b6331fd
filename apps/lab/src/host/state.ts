import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { labDisk, labWorkload } from '@driftless/lab-api'

/** What a host remembers of a VM. `wantedOn`: running, or to be started again after the host's own restart. */
export const storedVm = z.object({
  ref: z.string(),
  name: z.string(),
  guestOs: z.string(),
  cpus: z.number().int().positive(),
  memoryBytes: z.number().int().positive(),
  network: z.string(),
  isolated: z.boolean().optional(),
  workload: labWorkload,
  disks: z.array(labDisk.omit({ usedBytes: true })).min(1),
  wantedOn: z.boolean(),
  acknowledgedSequence: z.number().int().nonnegative(),
  /** Of the boot before the host's own restart; a state file from before these were kept has none. */
  firstWriteAtMs: z.number().nullable().default(null),
  lastWriteAtMs: z.number().nullable().default(null),
})
export type StoredVm = z.infer<typeof storedVm>

const state = z.object({ vms: z.array(storedVm) })

/** What was remembered; null at the first start. */
export async function loadState(path: string): Promise<StoredVm[] | null> {
  try {
    return state.parse(JSON.parse(await readFile(path, 'utf8'))).vms
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Replaces the file whole: a reader finds the old state or the new one. */
export async function saveState(path: string, vms: readonly StoredVm[]): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify({ vms }))
  await rename(`${path}.new`, path)
}
