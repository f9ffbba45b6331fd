import { cancelJob } from './block-job.ts'
import { removeStaleExports } from './qemu-disk-export.ts'
import { BITMAP_NAMES, bitmapActions, listBitmaps, listNodes, namesIn, transact } from './qemu-disk.ts'
import type { LiveDisk } from './qemu-disk.ts'
import type { Qmp } from './qmp.ts'

/**
 * Removes from QEMU what an agent that was killed, or a tap of another kind, left on the disk: its mirror and sink, its
 * exports, its bitmaps but for the history's, which the next agent recalls. The guest notices nothing.
 */
export async function cleanUp(qmp: Qmp, disk: LiveDisk): Promise<void> {
  await removeMirror(qmp, disk)
  await removeStaleExports(qmp, disk)
  const { remove } = bitmapActions(disk)
  for (const prefix of [BITMAP_NAMES.union, BITMAP_NAMES.pull]) await transact(qmp, (await listBitmaps(qmp, disk, prefix)).map(({ name }) => remove(name)))
}

/** Ends the disk's mirror, if there is one, and gives up its sink. */
export async function removeMirror(qmp: Qmp, disk: LiveDisk): Promise<void> {
  const { job, sinkNode } = namesIn(disk)
  await cancelJob(qmp, job)
  if ((await listNodes(qmp)).has(sinkNode)) await qmp.execute('blockdev-del', { 'node-name': sinkNode })
}
