import { z } from 'zod'

const MiB = 1024 * 1024

/** One disk to make: its size, and how much of it is filled with files. */
const disk = z.object({ sizeMiB: z.number().int().min(16).max(65_536), filledMiB: z.number().int().nonnegative(), scratchMiB: z.number().int().min(1) })

const vm = z.object({
  ref: z.string().regex(/^[a-z0-9-]{1,60}$/),
  name: z.string(),
  guestOs: z.string(),
  cpus: z.number().int().positive(),
  memoryMiB: z.number().int().positive(),
  network: z.string(),
  ledgerRecordsPerSecond: z.number().positive(),
  rewriteKiBPerSecond: z.number().nonnegative(),
  workingSet: z.number().min(0).max(1),
  replayTrace: z.boolean().default(false),
  /** A guest that works on when it is asked to shut down. */
  ignoresShutdown: z.boolean().default(false),
  disks: z.array(disk).min(1).max(4),
})

/** The VMs of a host at its first start. Files in `scenarios/`. */
export const scenario = z.object({ seed: z.string(), vms: z.array(vm).max(64) })
export type Scenario = z.infer<typeof scenario>
export type ScenarioVm = z.infer<typeof vm>
export type ScenarioDisk = z.infer<typeof disk>

export const mebibytes = (count: number): number => count * MiB
