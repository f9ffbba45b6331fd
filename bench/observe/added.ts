/**
 * What observing adds to each write, in a process of its own: the same writes to a disk that is nowhere, in a tight loop, observed and not. Counted is
 * the processor's time, whatever else the machine does.
 */
import type { BlockDevice } from '@driftless/nbd'
import { blockCount } from '../../apps/agent/src/block/map.ts'
import { TokenBucket } from '../../apps/agent/src/block/token-bucket.ts'
import { DiskObserver } from '../../apps/agent/src/observer/disk-observer.ts'
import { stampsFor } from '../../apps/agent/src/observer/map.ts'
import { filteredTap } from '../../apps/agent/src/tap/served-tap.ts'
import { seededRandom } from '../../apps/agent/src/testing/pair.ts'
import { parentPeer } from '../support/processes.ts'
import { addedMethods } from './methods.ts'
import { inTurns } from './turns.ts'

/** As in the rows over the server. */
const SIZE_BYTES = 1024 * 1024 * 1024
const TURN_MICROSECONDS = 10_000
/** The clock is looked at after so many writes. */
const AT_ONCE = 200

const nowhere: BlockDevice = { sizeBytes: SIZE_BYTES, read: async () => {}, write: async () => {}, writeNow: () => true, writeZeroes: async () => {}, flush: async () => {}, close: async () => {} }
const peer = parentPeer()

peer.answer(addedMethods.measure, async ({ blockBytes, random, rounds }) => {
  const tap = filteredTap({ key: '', usedBytes: 0, device: nowhere }, { throttle: new TokenBucket(), statePath: '' })
  const observer = new DiskObserver(tap, stampsFor(blockCount(SIZE_BYTES), 0, 1), Date.now)
  const data = Buffer.alloc(blockBytes, 7)
  const blocks = Math.floor(SIZE_BYTES / blockBytes)
  const next = seededRandom(1)
  let at = 0
  const spentMicroseconds = () => {
    const { user, system } = process.threadCpuUsage()
    return user + system
  }
  /** Nanoseconds a write. */
  const turn = (observed: boolean) => {
    tap.statistics.countPages(observed)
    tap.statistics.watch(observed ? observer : null)
    tap.statistics.takeInterval()
    let writes = 0
    const start = spentMicroseconds()
    for (let elapsed = 0; elapsed < TURN_MICROSECONDS; elapsed = spentMicroseconds() - start) {
      for (let left = AT_ONCE; left > 0; left -= 1) {
        at = random ? Math.floor(next() * blocks) : (at + 1) % blocks
        if (!tap.guest.writeNow?.(at * blockBytes, data)) throw new Error('The write was not taken at once.')
      }
      writes += AT_ONCE
    }
    return Promise.resolve(((spentMicroseconds() - start) * 1000) / writes)
  }
  const sides = { observed: () => turn(true), alone: () => turn(false), control: () => turn(false) }
  await inTurns(Math.ceil(rounds / 4), sides) // until all of it is compiled
  return { rounds: await inTurns(rounds, sides) }
})
