/** Our NBD server over a file with the filters of the agent, in a process of its own; observed and not in turns. */
import { openFileDevice, serveNbd } from '@driftless/nbd'
import { blockCount } from '../../apps/agent/src/block/map.ts'
import { TokenBucket } from '../../apps/agent/src/block/token-bucket.ts'
import { DiskObserver } from '../../apps/agent/src/observer/disk-observer.ts'
import { stampsFor } from '../../apps/agent/src/observer/map.ts'
import { filteredTap } from '../../apps/agent/src/tap/served-tap.ts'
import type { DiskTap } from '../../apps/agent/src/tap/disk-tap.ts'
import { parentPeer } from '../support/processes.ts'
import { serverMethods } from './methods.ts'

/** How often telemetry takes the interval's counts, of every VM. */
const SAMPLE_EVERY_MS = 2_000

const closing: (() => Promise<void>)[] = []
const peer = parentPeer(async () => {
  for (const close of closing) await close()
})
let served: { tap: DiskTap; observer: DiskObserver } | null = null

peer.answer(serverMethods.serve, async ({ path, socketPath }) => {
  const device = await openFileDevice(path)
  const tap = filteredTap({ key: '', usedBytes: 0, device }, { throttle: new TokenBucket(), statePath: '' })
  const sampling = setInterval(() => tap.statistics.takeInterval(), SAMPLE_EVERY_MS)
  served = { tap, observer: new DiskObserver(tap, stampsFor(blockCount(device.sizeBytes), 0, 1), Date.now) }
  const server = await serveNbd({ socketPath, exportName: '', device: tap.guest })
  closing.push(async () => clearInterval(sampling), () => server.close(), () => device.close())
  return null
})
peer.answer(serverMethods.observe, async (observed) => {
  // All that is done at an observed VM's writes: telemetry counts its pages, and its blocks get their stamps.
  served?.tap.statistics.countPages(observed)
  served?.tap.statistics.watch(observed ? served.observer : null)
  const { user, system } = process.cpuUsage()
  return user + system
})
