import { createHash } from 'node:crypto'
import type { BlockDevice } from '@driftless/nbd'
import { z } from 'zod'
import { BLOCK_BYTES } from '../../block/map.ts'
import { QmpError } from './qmp-error.ts'
import type { QmpLink } from './qmp-link.ts'
import type { Qmp } from './qmp.ts'

/** A running (or stopped) QEMU, as the taps on its disks need it. One a VM: its QMP socket takes one client. */
export interface LiveVm {
  readonly ref: string
  /** Gives the VM's shared QMP connection, made anew when it was lost. Rejects with `QmpError`; `unanswered` when no QEMU runs. */
  readonly link: Pick<QmpLink, 'connect' | 'socketPath'>
  /** Where QEMU is told to serve our read-only exports: a unix socket that both can reach, the same after an agent's restart. */
  readonly exportSocketPath: string
}

/** One disk of a VM in QEMU. */
export interface LiveDisk {
  readonly vm: LiveVm
  readonly key: string
  /** The image as a file on this host, where the file's bytes are the disk's; null for any other format. */
  readonly rawPath: string | null
  /** The format's block node, on which the guest's device sits (before any tap). */
  readonly node: string
  /** `id` of the guest's device; null when it has none: then QEMU's I/O limits and the in-path tap cannot be used. */
  readonly device: string | null
  readonly sizeBytes: number
  readonly usedBytes: number
  /** Opens the image to be written to while the guest is off; see `DiskTap`. */
  readonly takeBack?: (() => Promise<BlockDevice>) | undefined
  /** Where our NBD server for this disk listens: QEMU connects to it. Unix socket paths end at 107 bytes. */
  readonly socketPath: string
}

/** Whether the error says that no QEMU runs at all: then nobody writes. One that does not answer may be writing all the same. */
export function isAbsent(error: unknown): boolean {
  if (!(error instanceof QmpError) || error.code !== 'UNREACHABLE') return false
  const { cause } = error
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED')
}

/** Everything that we make inside QEMU bears it, so that the next agent knows what is ours. */
const OURS = 'driftless'

/** The names of what we make in QEMU for one disk. Node names end at 31 bytes, so the disk stands there by a hash. */
export function namesIn(disk: LiveDisk) {
  const disambiguation = createHash('sha256').update(disk.node).digest('hex').slice(0, 10)
  return {
    job: `${OURS}-job-${disambiguation}`,
    sinkNode: `${OURS}-sink-${disambiguation}`,
    filterNode: `${OURS}-tap-${disambiguation}`,
    pathNode: `${OURS}-path-${disambiguation}`,
    exportPrefix: `${OURS}-export-${disambiguation}-`,
  }
}

/** Bitmaps are per node, so their names need not say which disk. */
export const BITMAP_NAMES = {
  /** History: epoch and generation follow. */
  history: `${OURS}-h-`,
  /** What was written since the last pull; a number follows. */
  pull: `${OURS}-p-`,
  /** A union, made to be read at once. */
  union: `${OURS}-u-`,
} as const

/** At most this much of QEMU's memory for one bitmap, and an enabled one costs a bit set for each write. */
const BITMAP_MEMORY_BYTES = 4 * 1024 * 1024
/** Beyond this, one small write would pull a whole first copy's worth. */
const COARSEST_BYTES = 1024 * 1024

/**
 * Granularity of our bitmaps in QEMU, in bytes: a trade. Fine costs QEMU memory (a bit a granule), coarse sends what was
 * not written: at 64 KiB, small random writes come to 14 times their size. 4 KiB up to 128 GiB; 64 KiB at 2 TiB.
 */
export function bitmapGranularity(sizeBytes: number): number {
  let granularity = BLOCK_BYTES
  while (granularity < COARSEST_BYTES && sizeBytes / granularity / 8 > BITMAP_MEMORY_BYTES) granularity *= 2
  return granularity
}

const bitmap = z.object({ name: z.string().optional(), recording: z.boolean(), busy: z.boolean(), inconsistent: z.boolean().default(false), count: z.number() })
const nodes = z.array(z.object({ 'node-name': z.string(), 'dirty-bitmaps': z.array(bitmap).default([]) }))

/** A dirty bitmap as QEMU lists it. `dirtyBytes` counts whole granules. */
export interface ListedBitmap {
  readonly name: string
  readonly recording: boolean
  readonly busy: boolean
  readonly inconsistent: boolean
  readonly dirtyBytes: number
}

/** All block nodes by name, with the bitmaps that have one. */
export async function listNodes(qmp: Qmp): Promise<Map<string, ListedBitmap[]>> {
  const listed = await qmp.execute('query-named-block-nodes', { flat: true }, nodes)
  return new Map(
    listed.map((node) => [
      node['node-name'],
      node['dirty-bitmaps'].flatMap(({ name, count, ...rest }) => (name === undefined ? [] : [{ name, dirtyBytes: count, ...rest }])),
    ]),
  )
}

/** The bitmaps on the disk's node whose names begin with `prefix`. Throws when QEMU has no such node. */
export async function listBitmaps(qmp: Qmp, disk: LiveDisk, prefix: string): Promise<ListedBitmap[]> {
  const bitmaps = (await listNodes(qmp)).get(disk.node)
  if (bitmaps === undefined) throw new Error(`The QEMU of ${disk.vm.ref} has no block node "${disk.node}". Give the node's name as QEMU's query-named-block-nodes shows it.`)
  return bitmaps.filter(({ name }) => name.startsWith(prefix))
}

/** What is done to bitmaps: each is a QMP command, and an action of QMP's `transaction`. */
export const bitmapActions = (disk: LiveDisk) => ({
  add: (name: string, disabled = false) => ({ type: 'block-dirty-bitmap-add', data: { node: disk.node, name, granularity: bitmapGranularity(disk.sizeBytes), disabled } }),
  disable: (name: string) => ({ type: 'block-dirty-bitmap-disable', data: { node: disk.node, name } }),
  remove: (name: string) => ({ type: 'block-dirty-bitmap-remove', data: { node: disk.node, name } }),
  merge: (target: string, bitmaps: readonly string[]) => ({ type: 'block-dirty-bitmap-merge', data: { node: disk.node, target, bitmaps } }),
})

type BitmapAction = { readonly type: string; readonly data: Readonly<Record<string, unknown>> }

/** Runs the actions, all or none; nothing for none. QEMU first lets every request under way end, and holds new ones meanwhile. */
export async function transact(qmp: Qmp, actions: readonly BitmapAction[]): Promise<void> {
  if (actions.length > 0) await qmp.execute('transaction', { actions })
}

/** Runs the actions one after the other, with the guest's writes in between. */
export async function inOrder(qmp: Qmp, actions: readonly BitmapAction[]): Promise<void> {
  for (const { type, data } of actions) await qmp.execute(type, data)
}
