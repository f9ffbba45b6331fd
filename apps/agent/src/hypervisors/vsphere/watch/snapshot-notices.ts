import { z } from 'zod'
import type { Notice } from '@driftless/agent-api'

const snapshot = z.object({
  name: z.string(),
  createTime: z.date(),
  get childSnapshotList() {
    return z.array(snapshot).default([])
  },
})
type Snapshot = z.infer<typeof snapshot>

/** `snapshot.rootSnapshotList` of a VM; unset where it has none. */
const tree = z.array(snapshot).default([])

/** Who looks after a few is told by those; a VM has at most 32 in a row. */
const MAX_NOTICES = 5
const NAME_CHARACTERS = 80

/**
 * What another product's snapshots on a VM mean, oldest first. `list` is its `snapshot.rootSnapshotList` as it was received (undefined:
 * it has none), `isOurs` knows the names that we give. Throws where the list is not understood.
 */
export function snapshotNotices(list: unknown, isOurs: (name: string) => boolean): Notice[] {
  const others = flat(tree.parse(list)).filter(({ name }) => !isOurs(name)).toSorted((a, b) => a.createTime.getTime() - b.createTime.getTime())
  return others.slice(0, MAX_NOTICES).map(({ name, createTime }) => ({
    code: 'OTHER_SNAPSHOT',
    message: `The snapshot “${name.slice(0, NAME_CHARACTERS)}” of ${createTime.toISOString().slice(0, 16).replace('T', ' ')} UTC stands on this VM and is not ours. While it does, the next round waits, and disks cannot be consolidated at the cutover. Where a backup runs it goes by itself; otherwise remove it.`,
    atMs: createTime.getTime(),
  }))
}

const flat = (list: readonly Snapshot[]): Snapshot[] => list.flatMap((one) => [one, ...flat(one.childSnapshotList)])
