/**
 * The source agent's data plane for one disk, in a process of its own: tap with write-intent log, statistics, replicator.
 * What the guest writes is thrown away: only what the agent remembers of it is measured, and no disk here has 4 TiB.
 */
import { join } from 'node:path'
import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { IntentLog } from '../../apps/agent/src/block/intent-log.ts'
import { BLOCK_BYTES } from '../../apps/agent/src/block/map.ts'
import { TokenBucket } from '../../apps/agent/src/block/token-bucket.ts'
import { DiskReplicator } from '../../apps/agent/src/replicator/disk-replicator.ts'
// Not used here: what the agent's process has loaded besides counts as well.
import '../../apps/agent/src/replicator/source-role.ts'
import '../../apps/agent/src/control/reporter.ts'
import { filteredTap } from '../../apps/agent/src/tap/served-tap.ts'
import { seededRandom } from '../../apps/agent/src/testing/pair.ts'
import { testAuthority } from '../../apps/agent/src/testing/certificates.ts'
import { parentPeer } from '../support/processes.ts'
import { agentMethods } from './methods.ts'

/** Blocks sent and not flushed, and flushed and not answered, at most: 32 MiB each, see `copy-loop.ts`. */
const UNDER_WAY_BLOCKS = (32 * 1024 * 1024) / BLOCK_BYTES

/** Writes of the guest under way at a time. */
const DEPTH = 512

/** How often telemetry takes the interval's counts. */
const SAMPLE_EVERY_MS = 2_000

async function start(folder: string, sizeBytes: number) {
  const file = await openFileDevice(join(folder, 'disk.raw'), { create: { sizeBytes } })
  const device: BlockDevice = { sizeBytes, read: (offset, into) => file.read(offset, into), write: async () => {}, writeNow: () => true, writeZeroes: async () => {}, flush: async () => {}, close: () => file.close() }
  const log = await IntentLog.open({ path: join(folder, 'disk.intents'), sizeBytes })
  await log.begin('epoch')
  const tap = filteredTap({ key: 'disk-0', usedBytes: sizeBytes, device }, { throttle: new TokenBucket(), statePath: '' }, log)
  tap.statistics.countPages(true)
  setInterval(() => tap.statistics.takeInterval(), SAMPLE_EVERY_MS)
  const replicator = new DiskReplicator({
    disk: { migrationId: 'm-1', diskKey: 'disk-0', sizeBytes }, tap, credentials: await (await testAuthority()).issue('source-1'), buckets: [],
    tablePath: join(folder, 'disk.pieces'), now: Date.now,
  })
  await replicator.table.open()
  replicator.start()
  return { guest: tap.guest, replicator }
}

let running: Awaited<ReturnType<typeof start>> | null = null
function agent() {
  if (running === null) throw new Error('Nothing is tapped yet.')
  return running
}

let peakBytes = 0
const look = () => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
}
setInterval(look, 20)

async function peakDuring(work: () => Promise<void>) {
  peakBytes = 0
  await work()
  look()
  return { peakBytes, dirtyBytes: agent().replicator.sync.foregroundLeftBytes }
}

async function scatter(writes: number): Promise<void> {
  const { guest, replicator } = agent()
  const { sync } = replicator
  const random = seededRandom(1)
  const block = Buffer.alloc(BLOCK_BYTES, 1)
  const blocks = guest.sizeBytes / BLOCK_BYTES
  let left = writes
  await Promise.all(
    Array.from({ length: DEPTH }, async () => {
      while ((left -= 1) >= 0) {
        const offset = Math.floor(random() * blocks) * BLOCK_BYTES
        // As our NBD server does it.
        if (guest.writeNow?.(offset, block) !== true) await guest.write(offset, block)
      }
    }),
  )
  // As after a restart, of a replica that has everything else: what is dirty is sent, all over the disk.
  sync.resume(guest.sizeBytes, 0, [])
  for (const flush of [true, false]) {
    sync.beginPass()
    for (let taken = 0; taken < UNDER_WAY_BLOCKS; taken += 1) sync.takeForeground(1)
    if (flush) sync.beginFlush()
  }
}

const peer = parentPeer()
peer.answer(agentMethods.tap, async ({ folder, sizeBytes }) => {
  running = await start(folder, sizeBytes)
  return peakDuring(() => new Promise((resolve) => setTimeout(resolve, 500)))
})
peer.answer(agentMethods.scatter, ({ writes }) => peakDuring(() => scatter(writes)))
peer.answer(agentMethods.everywhere, ({ blocks }) =>
  peakDuring(() => {
    const { replicator } = agent()
    const stretch = (4 * 1024 * 1024) / BLOCK_BYTES
    for (let first = 0; first < replicator.sync.blockCount; first += stretch) {
      for (let block = 0; block < blocks; block += 1) replicator.verify.mark(first + block * 3, first + block * 3 + 1)
    }
    return Promise.resolve()
  }),
)
peer.answer(agentMethods.fill, () =>
  peakDuring(() => {
    const { replicator } = agent()
    replicator.verify.mark(0, replicator.sync.blockCount)
    return Promise.resolve()
  }),
)
