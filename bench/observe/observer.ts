/** The observer of one large disk, in a process of its own: what it takes of memory, and of time at a minute's turn. */
import type { BlockDevice } from '@driftless/nbd'
import { BLOCK_BYTES } from '../../apps/agent/src/block/map.ts'
import { TokenBucket } from '../../apps/agent/src/block/token-bucket.ts'
import { WriteGate } from '../../apps/agent/src/block/write-gate.ts'
import { VmObserver } from '../../apps/agent/src/observer/vm-observer.ts'
import { filteredTap } from '../../apps/agent/src/tap/served-tap.ts'
import { parentPeer } from '../support/processes.ts'
import { observerMethods } from './methods.ts'

const MINUTE_MS = 60_000
/** As large as a guest's write gets. */
const WRITE_BLOCKS = 256

let nowMs = Date.now()
let running: VmObserver | null = null
let fill: () => void = () => {}

const peer = parentPeer()
peer.answer(observerMethods.fill, async ({ folder, sizeBytes }) => {
  const nowhere: BlockDevice = { sizeBytes, read: async () => {}, write: async () => {}, writeZeroes: async () => {}, flush: async () => {}, close: async () => {} }
  const throttle = new TokenBucket()
  const tap = filteredTap({ key: 'disk-0', usedBytes: 0, device: nowhere }, { throttle, statePath: '' })
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  const { observer } = await VmObserver.open({ tap: { ref: 'vm', throttle, gate: new WriteGate(), disks: [tap], close: async () => {} }, directory: folder, lengthMs: MINUTE_MS, takenBytes: 0, now: () => nowMs })
  running = observer
  fill = () => {
    for (let first = 0; first < sizeBytes / BLOCK_BYTES; first += WRITE_BLOCKS) tap.statistics.note(WRITE_BLOCKS * BLOCK_BYTES, [{ first, end: first + WRITE_BLOCKS }], null)
  }
  fill()
  nowMs += MINUTE_MS
  const minute = observer.turn()
  return { grownBytes: process.memoryUsage.rss() - before, blocksPerStamp: minute?.blocksPerStamp ?? 1 }
})
peer.answer(observerMethods.turn, async () => {
  if (running === null) throw new Error('Nothing is observed yet.')
  fill() // every stamp changes, the worst that a minute can bring
  nowMs += MINUTE_MS
  const startMs = performance.now()
  running.turn()
  const heldMs = performance.now() - startMs
  await running.save()
  return { heldMs, savedMs: performance.now() - startMs }
})
