import { expect, test } from 'vitest'
import { snapshotNotices } from './snapshot-notices.ts'

const snapshot = (name: string, day: number, childSnapshotList: unknown[] = []) => ({ $type: 'VirtualMachineSnapshotTree', name, createTime: new Date(Date.UTC(2026, 10, day, 2, 30)), childSnapshotList })
const isOurs = (name: string) => name.startsWith('driftless-')

test('a VM without snapshots, or with ours alone, gives no notice', () => {
  expect(snapshotNotices(undefined, isOurs)).toEqual([])
  expect(snapshotNotices([snapshot('driftless-1', 1)], isOurs)).toEqual([])
})

test('another product’s is named, wherever it stands in the tree, oldest first', () => {
  const notices = snapshotNotices([snapshot('driftless-1', 3, [snapshot('VEEAM BACKUP TEMPORARY SNAPSHOT', 4)]), snapshot('before the update', 1)], isOurs)
  expect(notices.map(({ code }) => code)).toEqual(['OTHER_SNAPSHOT', 'OTHER_SNAPSHOT'])
  expect(notices[0]?.message).toMatch(/^The snapshot “before the update” of 2026-11-01 02:30 UTC stands on this VM and is not ours\. .*the next round waits.*cutover/)
  expect(notices[1]).toMatchObject({ message: expect.stringContaining('“VEEAM BACKUP TEMPORARY SNAPSHOT” of 2026-11-04'), atMs: Date.UTC(2026, 10, 4, 2, 30) })
})

test('notices are few and short, whatever a VM has', () => {
  const notices = snapshotNotices(Array.from({ length: 32 }, () => snapshot('x'.repeat(600), 1)), isOurs)
  expect(notices).toHaveLength(5)
  for (const { message } of notices) expect(message.length).toBeLessThanOrEqual(500)
})
