import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { connectNbd } from '@driftless/nbd'
import type { NbdClient } from '@driftless/nbd'
import type { BlockRun } from '../../block/dirty-map.ts'
import { blocksOf } from '../../block/map.ts'
import { namesIn } from './qemu-disk.ts'
import type { LiveDisk } from './qemu-disk.ts'
import { QmpError } from './qmp-error.ts'
import type { Qmp } from './qmp.ts'

const exportsListed = z.array(z.object({ id: z.string() }))

/** An export goes when its last request has ended: at once, but for a disk that hangs. */
const GONE_POLL_MS = 2
const GONE_LIMIT_MS = 10_000

/** Asked for at a time: at worst, every second granule of 4 KiB dirty, 128 Ki extents. */
const STATUS_BYTES = 1024 * 1024 * 1024

/** A read-only export of the disk's node from QEMU, and our client on it. */
export interface DiskExport {
  readonly client: NbdClient
  close(): Promise<void>
}

/**
 * Has QEMU serve the disk, read-only, under a name of its own, with the given bitmaps, and connects to it.
 * QEMU has one NBD server: another's at another address makes this fail, and says so.
 */
export async function exportDisk(disk: LiveDisk, bitmaps: readonly string[] = []): Promise<DiskExport> {
  const qmp = await disk.vm.link.connect()
  const refusal = await startServer(qmp, disk.vm.exportSocketPath)
  const id = namesIn(disk).exportPrefix + randomBytes(6).toString('hex')
  await qmp.execute('block-export-add', { type: 'nbd', id, name: id, 'node-name': disk.node, writable: false, bitmaps })
  try {
    const client = await connectNbd({
      socketPath: disk.vm.exportSocketPath,
      exportName: id,
      reconnect: { forSeconds: 0 },
      metaContexts: ['base:allocation', ...bitmaps.map(contextOf)],
    })
    return {
      client,
      close: async () => {
        await client.close()
        await removeExport(qmp, id)
      },
    }
  } catch (error) {
    await removeExport(qmp, id)
    throw new Error(`QEMU's NBD server cannot be reached at ${disk.vm.exportSocketPath}${refusal === null ? '' : ` (${refusal.message})`}. Should another program have started it elsewhere, let that program end.`, { cause: error })
  }
}

/** The error of QEMU, which also refuses where the server runs already; whether it is ours shows when we connect. */
export async function startServer(qmp: Qmp, path: string): Promise<QmpError | null> {
  try {
    await qmp.execute('nbd-server-start', { addr: { type: 'unix', data: { path } } })
    return null
  } catch (error) {
    if (!(error instanceof QmpError) || error.unanswered) throw error
    return error
  }
}

/** Removes an export and waits until what it held (bitmaps) is free again. Nothing to do where there is no QEMU any more. */
async function removeExport(qmp: Qmp, id: string): Promise<void> {
  try {
    if (!(await listExports(qmp)).includes(id)) return
    await qmp.execute('block-export-del', { id, mode: 'hard' })
    const deadline = performance.now() + GONE_LIMIT_MS
    while ((await listExports(qmp)).includes(id)) {
      if (performance.now() > deadline) throw new Error(`QEMU does not end the export ${id}. Check the storage its disks are on.`)
      await wait(GONE_POLL_MS)
    }
  } catch (error) {
    if (!(error instanceof QmpError) || !error.unanswered) throw error
  }
}

async function listExports(qmp: Qmp): Promise<string[]> {
  return (await qmp.execute('query-block-exports', {}, exportsListed)).map(({ id }) => id)
}

/** Removes the disk's exports that a killed agent left behind. */
export async function removeStaleExports(qmp: Qmp, disk: LiveDisk): Promise<void> {
  const { exportPrefix } = namesIn(disk)
  for (const id of await listExports(qmp)) if (id.startsWith(exportPrefix)) await removeExport(qmp, id)
}

/** The blocks that are set in a bitmap of the disk. It must not be recording: QEMU serves only what stands still. */
export async function readBitmap(disk: LiveDisk, name: string): Promise<BlockRun[]> {
  const exported = await exportDisk(disk, [name])
  try {
    const runs: BlockRun[] = []
    for (let offset = 0; offset < disk.sizeBytes; offset += STATUS_BYTES) {
      let at = offset
      for (const { length, flags } of await exported.client.blockStatus(contextOf(name), offset, Math.min(STATUS_BYTES, disk.sizeBytes - offset))) {
        if ((flags & DIRTY) !== 0) addRun(runs, blocksOf(at, length))
        at += length
      }
    }
    return runs
  } finally {
    await exported.close()
  }
}

/** Source: QEMU's docs/interop/nbd.txt. */
const DIRTY = 1
const contextOf = (bitmap: string): string => `qemu:dirty-bitmap:${bitmap}`

function addRun(runs: BlockRun[], run: BlockRun): void {
  const last = runs.at(-1)
  if (last !== undefined && last.end >= run.first) last.end = run.end
  else runs.push(run)
}
