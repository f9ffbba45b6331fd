import { serveNbd } from '@driftless/nbd'
import { SINK_EXPORT, Sink } from '../../tap/mirror-sink.ts'
import { endMirror } from './block-job.ts'
import { removeStaleExports } from './qemu-disk-export.ts'
import { BITMAP_NAMES, bitmapActions, inOrder, listBitmaps, listNodes, namesIn } from './qemu-disk.ts'
import type { LiveDisk } from './qemu-disk.ts'
import type { Qmp } from './qmp.ts'

/**
 * Removes from QEMU what an agent that was killed, or a tap of another kind, left on the disk: its mirror and sink, its
 * exports, its bitmaps but for the history's, which the next agent recalls. The guest notices nothing. Whoever calls this
 * serves the disk's sink, to which an old mirror has its last word.
 */
export async function cleanUp(qmp: Qmp, disk: LiveDisk): Promise<void> {
  await removeMirror(qmp, disk)
  await removeStaleExports(qmp, disk)
  const { remove } = bitmapActions(disk)
  for (const prefix of [BITMAP_NAMES.union, BITMAP_NAMES.pull]) await inOrder(qmp, (await listBitmaps(qmp, disk, prefix)).map(({ name }) => remove(name)))
}

/** `cleanUp` for a tap that has no sink of its own. */
export async function cleanUpMirrors(qmp: Qmp, disk: LiveDisk): Promise<void> {
  if (!(await listNodes(qmp)).has(namesIn(disk).sinkNode)) return cleanUp(qmp, disk)
  const server = await serveNbd({ socketPath: disk.socketPath, exportName: SINK_EXPORT, device: new Sink(disk.sizeBytes) })
  try {
    await cleanUp(qmp, disk)
  } finally {
    await server.close()
  }
}

/** Ends the disk's mirror, if there is one, and gives up its sink, which must be served meanwhile. */
export async function removeMirror(qmp: Qmp, disk: LiveDisk): Promise<void> {
  const { job, sinkNode } = namesIn(disk)
  await endMirror(qmp, job)
  if ((await listNodes(qmp)).has(sinkNode)) await qmp.execute('blockdev-del', { 'node-name': sinkNode })
}
