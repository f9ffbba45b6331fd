import { describe, expect, it } from 'vitest'
import { copyDisturbances, cutoverDisturbances } from './outcome.ts'

const entry = (action: string, after: string | null = null) => ({ action, after })

describe('a first copy', () => {
  it.each([
    ['undisturbed', [entry('migration.status', 'REPLICATING'), entry('booking.request')], false, 950, []],
    ['paused and resumed', [entry('wave.pause'), entry('wave.resume')], false, 950, ['PAUSED']],
    ['paused when it was to start', [], true, 950, ['PAUSED']],
    ['given another rate', [entry('wave.rate', '1000')], false, 950, ['LIMIT_CHANGED']],
    ['slowed by a person', [entry('migration.throttle', '1000')], false, 950, ['LIMIT_CHANGED']],
    ['at a site with another timetable', [entry('site.schedule')], false, 950, ['LIMIT_CHANGED']],
    ['blocked', [entry('migration.status', 'BLOCKED')], false, 950, ['BLOCKED']],
    ['of an agent that was away', [], false, 700, ['AWAY']],
  ] as const)('%s', (_name, entries, paused, heard, expected) => expect(copyDisturbances({ entries, pausedAtStart: paused, byDevice: false, heardSeconds: heard, seconds: 1_000 })).toEqual(expected))
  it('that travelled by device', () => expect(copyDisturbances({ entries: [], pausedAtStart: false, byDevice: true, heardSeconds: 9, seconds: 9 })).toEqual(['BY_DEVICE']))
  it('of a minute is not judged by missed reports', () => expect(copyDisturbances({ entries: [], pausedAtStart: false, byDevice: false, heardSeconds: 5, seconds: 30 })).toEqual([]))
})

describe('a cutover', () => {
  it('counts unless its guest had to be powered off', () => {
    expect(cutoverDisturbances({ poweredOffAt: null })).toEqual([])
    expect(cutoverDisturbances({ poweredOffAt: new Date() })).toEqual(['POWERED_OFF'])
  })
})
