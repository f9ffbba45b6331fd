/** Our NBD server over a file with the filters of the agent, with or without a write-intent log, in a process of its own. */
import { join } from 'node:path'
import { openFileDevice, serveNbd } from '@driftless/nbd'
import { IntentLog } from '../../apps/agent/src/block/intent-log.ts'
import { BLOCK_BYTES } from '../../apps/agent/src/block/map.ts'
import { TokenBucket } from '../../apps/agent/src/block/token-bucket.ts'
import { SyncState } from '../../apps/agent/src/replicator/sync-state.ts'
import { filteredTap } from '../../apps/agent/src/tap/served-tap.ts'
import { parentPeer } from '../support/processes.ts'
import { serverMethods } from './methods.ts'

const EPOCH = 'epoch'

const closing: (() => Promise<void>)[] = []
const peer = parentPeer(async () => {
  for (const close of closing) await close()
})
let log: IntentLog | null = null

peer.answer(serverMethods.serve, async ({ path, socketPath, folder, regionBytes, finely }) => {
  const device = await openFileDevice(path)
  if (regionBytes !== null) {
    log = await IntentLog.open({ path: join(folder, `${regionBytes}-${finely}.intents`), sizeBytes: device.sizeBytes, regionBytes })
    log.finely(finely)
    await log.begin(EPOCH)
  }
  const tap = filteredTap({ key: '', usedBytes: 0, device }, { throttle: new TokenBucket(), statePath: '' }, log)
  await tap.listen(new SyncState(device.sizeBytes, Date.now))
  const server = await serveNbd({ socketPath, exportName: '', device: tap.guest })
  closing.push(() => server.close(), () => device.close())
  return null
})
peer.answer(serverMethods.forget, async () => {
  // Twice: what was written since the seal before is carried along once.
  for (let times = 0; times < 2; times += 1) await (await log?.seal())?.()
  return null
})
peer.answer(serverMethods.seal, async () => {
  await (await log?.seal())?.()
  return null
})
peer.answer(serverMethods.atRisk, async () => {
  const runs = (await log?.recall(EPOCH)) ?? []
  return runs.reduce((sum, { first, end }) => sum + (end - first) * BLOCK_BYTES, 0)
})
