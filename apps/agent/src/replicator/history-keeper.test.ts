import { expect, test } from 'vitest'
import { BLOCK_BYTES } from '../block/map.ts'
import { HistoryKeeper } from './history-keeper.ts'
import { SyncState } from './sync-state.ts'

const SIZE = 64 * BLOCK_BYTES

/** A keeper over a disk whose replica has everything, with a clock and a log of what it asks of the tap. */
function setUp() {
  let nowMs = 1_000
  const asked: string[] = []
  const sync = new SyncState(SIZE, () => nowMs)
  sync.resume(SIZE, 0, [])
  const history = {
    recall: () => Promise.resolve(null),
    begin: () => Promise.resolve(),
    seal: async () => {
      asked.push('seal')
      return async () => void asked.push('release')
    },
  }
  const keeper = new HistoryKeeper({ history, settle: async () => void asked.push('settle') }, sync, () => nowMs)
  /** Lets the time pass and the keeper do what is due. */
  const after = async (ms: number) => {
    nowMs += ms
    keeper.tick()
    await new Promise((resolve) => setImmediate(resolve))
    return asked.splice(0)
  }
  /** Sends what is dirty, as far as it was so when the pass began. */
  const pass = () => {
    sync.beginPass()
    while (sync.takeForeground(8) !== null) { /* sent */ }
    sync.beginFlush()
    sync.flushed()
  }
  return { sync, keeper, after, pass }
}

test('what was sealed is released only when all of it is at the target, and then the next is sealed', async () => {
  const { sync, keeper, after, pass } = setUp()
  sync.mark(3, 4)
  expect(await after(9_000)).toEqual([])
  expect(await after(1_000)).toEqual(['seal', 'settle'])
  expect(await after(1_000)).toEqual([])
  pass()
  sync.mark(9, 10) // written after the seal: it need not have arrived
  expect(await after(1_000)).toEqual(['release'])
  expect(await after(10_000)).toEqual(['seal', 'settle'])
  await keeper.stop()
})

test('a pass begun in the very millisecond of the seal is not enough', async () => {
  const { sync, keeper, after, pass } = setUp()
  sync.mark(3, 4)
  expect(await after(10_000)).toEqual(['seal', 'settle'])
  pass()
  sync.mark(3, 4)
  expect(await after(0)).toEqual([])
  pass()
  expect(await after(0)).toEqual(['release'])
  await keeper.stop()
})

test('a tap that fails to seal is asked again', async () => {
  let seals = 0
  const sync = new SyncState(SIZE, () => 0)
  let nowMs = 0
  const history = { recall: () => Promise.resolve(null), begin: () => Promise.resolve(), seal: () => ((seals += 1), Promise.reject(new Error('busy'))) }
  const keeper = new HistoryKeeper({ history, settle: () => Promise.resolve() }, sync, () => nowMs)
  for (nowMs = 10_000; nowMs <= 20_000; nowMs += 10_000) {
    keeper.tick()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(seals).toBe(2)
  await keeper.stop()
})
