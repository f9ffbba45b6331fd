import { expect, test } from 'vitest'
import { BusyPoll } from './busy-poll.ts'

/** One turn of the event loop: whatever immediates are due run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

function started() {
  const clock = { nowMs: 0 }
  return { clock, poll: new BusyPoll(() => clock.nowMs) }
}

test('stays awake for a moment after a request, and for another after the next', async () => {
  const { clock, poll } = started()
  poll.touched()
  expect(poll.awake).toBe(true)
  clock.nowMs = 0.04
  await turn()
  poll.touched()
  clock.nowMs = 0.08
  await turn()
  expect(poll.awake).toBe(true)
  clock.nowMs = 0.1
  await turn()
  expect(poll.awake).toBe(false)
})

test('after a few times in vain it is awake after few requests only', async () => {
  const { clock, poll } = started()
  let awake = 0
  for (let request = 0; request < 320; request += 1) {
    poll.touched()
    if (poll.awake) awake += 1
    clock.nowMs += 0.4
    await turn()
    await turn()
  }
  expect(awake).toBeGreaterThanOrEqual(10)
  expect(awake).toBeLessThan(20)
})

test('found interrupted, it sleeps for a while, and longer the next time', async () => {
  const { clock, poll } = started()
  /** Awake, then without the core for 3 ms; how long it does not wake up from then on. */
  const interrupted = async () => {
    while (!poll.awake) {
      poll.touched()
      clock.nowMs += 5
    }
    clock.nowMs = Math.max(clock.nowMs - 5, 0)
    await turn()
    clock.nowMs += 3
    await turn()
    await turn()
    const fromMs = clock.nowMs
    for (; !poll.awake && clock.nowMs < fromMs + 10_000; clock.nowMs += 5) poll.touched()
    clock.nowMs -= 5
    return clock.nowMs - fromMs
  }
  const first = await interrupted()
  expect(first).toBeGreaterThan(100)
  const second = await interrupted()
  expect(second).toBeGreaterThan(1.5 * first)
  expect(second).toBeLessThan(3 * first)
})
