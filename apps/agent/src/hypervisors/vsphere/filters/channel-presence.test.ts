import { describe, expect, test } from 'vitest'
import { ChannelPresence } from './channel-presence.ts'

type Step = number | 'BEGUN' | 'LEFT' | 'BROKEN' | 'heard' | 'runs' | 'off'

/** Plays steps, numbers being seconds that pass, and counts what was missed and hung up; `sight`: since when writes are seen. */
function play(steps: readonly Step[]): { missed: number; hungUp: number; connected: boolean; sight: string } {
  let nowMs = 0
  const sight: string[] = []
  const told = { missed: 0, hungUp: 0 }
  const presence: ChannelPresence = new ChannelPresence({
    nowMs: () => nowMs, missed: () => (told.missed += 1),
    hangUp: () => {
      told.hungUp += 1
      presence.session('BROKEN')
    },
  })
  presence.sight.watch({ turned: () => sight.push(`${presence.sight.seeing ? 'seen' : 'unseen'} from ${nowMs / 1000}`), missed: () => sight.push(`missed at ${nowMs / 1000}`) })
  for (const step of steps) {
    if (step === 'heard') presence.heard()
    else if (step === 'runs' || step === 'off') presence.guestSeen(step === 'runs')
    else if (typeof step === 'string') presence.session(step)
    else for (const endMs = nowMs + step * 1000; nowMs < endMs; nowMs += 250) presence.check()
  }
  return { ...told, connected: presence.connected, sight: sight.join(', ') }
}

describe('of a filter’s daemon', () => {
  test.each<[string, Step[], number, number, boolean]>([
    ['nothing is known before it first calls', [60], 0, 0, false],
    ['it is unknown what it did before it first called', ['BEGUN', 1], 1, 0, true],
    ['nothing is missed while something is heard each second', ['BEGUN', 1, 'heard', 1, 'heard', 2, 'heard', 1], 1, 0, true],
    ['that is silent it is taken that it goes on without us', ['BEGUN', 5], 2, 1, false],
    ['that was silent and comes back, it is taken that it did', ['BEGUN', 10, 'BEGUN', 1], 4, 1, true],
    ['that is back soon after its connection broke nothing is missed', ['BEGUN', 'BROKEN', 2, 'BEGUN', 1], 1, 0, true],
    ['that is not back soon it is taken that it went on', ['BEGUN', 'BROKEN', 4], 2, 0, false],
    ['that is back too late, again: it went on until now', ['BEGUN', 'BROKEN', 30, 'BEGUN', 1], 3, 0, true],
    ['that closed the disk nothing is missed, however long it is away', ['BEGUN', 'LEFT', 600], 1, 0, false],
    ['that closed it and is back soon, as after a vMotion, nothing either', ['BEGUN', 'LEFT', 2, 'BEGUN', 1], 1, 0, true],
    ['that closed it and is back late it is unknown since when', ['BEGUN', 'LEFT', 60, 'BEGUN', 1], 2, 0, true],
    ['that loses one of two connections what was under way on it may be gone', ['BEGUN', 'BEGUN', 'BROKEN', 1], 2, 0, true],
    ['that gives one of two back nothing is missed', ['BEGUN', 'BEGUN', 'LEFT', 1], 1, 0, true],
  ])('%s', (_, steps, missed, hungUp, connected) => {
    expect(play(steps)).toMatchObject({ missed, hungUp, connected })
  })

  test.each<[string, Step[], string]>([
    ['before it first called', [60], ''],
    ['that is there', [1, 'BEGUN', 1], 'seen from 1'],
    ['that is silent', ['BEGUN', 6, 'BEGUN', 1], 'seen from 0, unseen from 3.25, seen from 6'],
    ['whose connection broke for a moment', ['BEGUN', 'BROKEN', 2, 'BEGUN', 1], 'seen from 0'],
    ['whose connection broke for long', ['BEGUN', 'BROKEN', 30, 'BEGUN', 1], 'seen from 0, unseen from 3.25, seen from 30'],
    ['that loses one of two connections', ['BEGUN', 'BEGUN', 1, 'BROKEN', 1], 'seen from 0, missed at 1'],
    ['that closed the disk', ['BEGUN', 'LEFT', 600], 'seen from 0'],
    ['that closed it and is back late', ['BEGUN', 'LEFT', 60, 'BEGUN', 1], 'seen from 0, missed at 60'],
    ['that never called, of a guest that is off for a while', [1, 'runs', 1, 'off', 5, 'off', 5, 'runs', 5, 'runs'], 'seen from 2, missed at 12, unseen from 12'],
    ['that closed the disk, though the guest runs again already', ['BEGUN', 'LEFT', 4, 'runs', 1], 'seen from 0'],
  ])('writes seen of one %s', (_, steps, sight) => {
    expect(play(steps).sight).toBe(sight)
  })
})
