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
  clock.nowMs = 0.12
  await turn()
  poll.touched()
  clock.nowMs = 0.24
  await turn()
  expect(poll.awake).toBe(true)
  clock.nowMs = 0.3
  await turn()
  expect(poll.awake).toBe(false)
})

test('told that others want the core, it sleeps at once, and does not hold it against the next request', async () => {
  const { clock, poll } = started()
  for (let time = 0; time < 10; time += 1) {
    poll.touched()
    expect(poll.awake).toBe(true)
    poll.relax()
    await turn()
    expect(poll.awake).toBe(false)
    clock.nowMs += 5
  }
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
      clock.nowMs += 1
    }
    clock.nowMs = Math.max(clock.nowMs - 1, 0)
    await turn()
    clock.nowMs += 3
    await turn()
    await turn()
    const fromMs = clock.nowMs
    for (; !poll.awake && clock.nowMs < fromMs + 10_000; clock.nowMs += 1) poll.touched()
    clock.nowMs -= 1
    return clock.nowMs - fromMs
  }
  const first = await interrupted()
  expect(first).toBeGreaterThan(8)
  const second = await interrupted()
  expect(second).toBeGreaterThan(1.5 * first)
  expect(second).toBeLessThan(3 * first)
})
