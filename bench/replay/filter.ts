/** The process that serves a file through the filters of a migrating VM's disk. */
import { openFileDevice } from '@driftless/nbd'
import { TokenBucket } from '../../apps/agent/src/block/token-bucket.ts'
import { SyncState } from '../../apps/agent/src/replicator/sync-state.ts'
import type { DiskTap } from '../../apps/agent/src/tap/disk-tap.ts'
import { servedTap } from '../../apps/agent/src/tap/served-tap.ts'
import { DISK_KEY } from '../migration/methods.ts'
import { parentPeer } from '../support/processes.ts'
import { filterMethods } from './methods.ts'

let tap: DiskTap | null = null
let sync: SyncState | null = null
const peer = parentPeer(async () => tap?.close())

peer.answer(filterMethods.serve, async ({ path, socketPath, statePath }) => {
  tap = await servedTap({ key: DISK_KEY, usedBytes: 0, socketPath, open: () => openFileDevice(path) }, { throttle: new TokenBucket(), statePath })
  sync = new SyncState(tap.sizeBytes, Date.now)
  await tap.listen(sync)
  await tap.history.begin('bench')
  tap.statistics.countPages(true)
  return null
})
peer.answer(filterMethods.seen, () => {
  if (tap === null || sync === null) throw new Error('Nothing is served.')
  return { writtenBytes: tap.statistics.writtenBytes, dirtyBytes: sync.dirtyBytes }
})
