/** Our NBD server over a file, with everything that a guest's writes pass in the agent, in a process of its own. */
import { join } from 'node:path'
import { openFileDevice } from '@driftless/nbd'
import { TokenBucket } from '../../apps/agent/src/block/token-bucket.ts'
import { SyncState } from '../../apps/agent/src/replicator/sync-state.ts'
import { servedTap } from '../../apps/agent/src/tap/served-tap.ts'
import { parentPeer } from '../support/processes.ts'
import { serveFiltered } from './methods.ts'

const taps: { close(): Promise<void> }[] = []
const peer = parentPeer(async () => {
  for (const tap of taps) await tap.close()
})

peer.answer(serveFiltered, async ({ path, socketPath, folder }) => {
  const tap = await servedTap({ key: '', usedBytes: 0, socketPath, open: () => openFileDevice(path) }, { throttle: new TokenBucket(), statePath: join(folder, 'tap') })
  taps.push(tap)
  tap.statistics.countPages(true)
  await tap.listen(new SyncState(tap.sizeBytes, Date.now))
  return null
})
