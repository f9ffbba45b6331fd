import { describe, expect, it } from 'vitest'
import { AGENT_AWAY_SECONDS } from './migration-view.ts'
import type { MigrationView, SourceTestView, SourceView, TargetTestView, TargetView, TestView } from './migration-view.ts'
import { nextStep } from './next-step.ts'
import { TEST_START_LIMIT_SECONDS } from './states/test-boot.ts'
import type { TestBootStatus } from './states/test-boot.ts'

const SOURCE: SourceView = {
  silentSeconds: 1, hypervisorProblem: null, attempt: 0, connected: true, backgroundLeftBytes: 0, foregroundLeftBytes: 0, comparing: false, reported: true, guestOn: true,
  stage: 'REPLICATE', off: false, finalSynced: false, hashes: null, reread: null, acknowledgedSequence: 100, problem: null, test: null,
}
const TARGET: TargetView = { silentSeconds: 1, hypervisorProblem: null, attempt: 0, stage: 'RECEIVE', freeBytes: 10_000, hashes: null, shadow: null, problem: null, test: null }
const TESTING: MigrationView = {
  status: 'TESTING', resumeStatus: null, paused: false, automatic: true, diskKeys: ['disk0'], neededBytes: 5_000, diverges: false,
  source: SOURCE, target: TARGET, booking: null, goNoGo: null, order: 'MISSING', attempt: null, test: null, turn: { kind: 'BEGIN' }, passedWindow: false, limits: { shutdownSeconds: 120, refusal: 'ABORT' },
}
const test = (status: TestBootStatus, more: Partial<TestView> = {}): Partial<MigrationView> => ({ test: { id: 't', status, expired: false, secondsSinceStart: 1, acknowledgedSequence: ['STARTING', 'MARKING'].includes(status) ? null : 100, ...more } })
const atSource = (more: Partial<SourceTestView>): Partial<MigrationView> => ({ source: { ...SOURCE, test: { id: 't', marked: false, problem: null, ...more } } })
const atTarget = (more: Partial<TargetTestView>, also: Partial<TargetView> = {}): Partial<MigrationView> => ({ target: { ...TARGET, test: { id: 't', lost: false, health: null, healthDetail: null, sequenceAtBoot: null, problem: null, ...more }, ...also } })
const step = (...changes: Partial<MigrationView>[]) => nextStep(Object.assign({}, TESTING, ...changes))
const waits = (reason: string, detail: string | null = null) => ({ kind: 'WAIT', reason, detail })
const ends = (reason: string, detail: string | null = null) => ({ kind: 'END_TEST', reason, detail })
const to = (status: TestBootStatus, detail: string | null = null) => ({ kind: 'ADVANCE_TEST', to: status, detail })
const open = (automatic: boolean): Partial<MigrationView> => ({ automatic, booking: { status: 'IN_PROGRESS', window: 'OPEN' } })
const well = { health: 'HEALTHY', sequenceAtBoot: 100 }

describe('a test boot', () => {
  it.each<[string, Partial<MigrationView>[], unknown]>([
    ['asked for', [test('STARTING')], waits('TEST_STARTING')],
    ['the target still has another one', [test('STARTING'), atTarget({ id: 'older' })], waits('TEST_STARTING')],
    ['the target waits', [test('STARTING'), atTarget({})], to('MARKING')],
    ['the source marks', [test('MARKING'), atTarget({}), atSource({})], waits('TEST_STARTING')],
    ['the source cannot yet', [test('MARKING'), atTarget({}), atSource({ problem: 'writes too fast' })], waits('TEST_STARTING', 'writes too fast')],
    ['marked', [test('MARKING'), atTarget({}), atSource({ marked: true })], to('BOOTING')],
    ['marked for another test', [test('MARKING'), atTarget({}), atSource({ id: 'older', marked: true })], waits('TEST_STARTING')],
    ['booting', [test('BOOTING'), atTarget({ health: 'CHECKING' })], waits('TEST_STARTING')],
    ['well', [test('BOOTING'), atTarget(well)], to('HEALTHY')],
    ['well, seen already', [test('HEALTHY'), atTarget(well)], waits('TESTING')],
    ['broken', [test('BOOTING'), atTarget({ health: 'BROKEN', healthDetail: 'record 7 is torn' })], to('BROKEN', 'record 7 is torn')],
    ['well by itself, but records are missing', [test('BOOTING'), atTarget({ ...well, sequenceAtBoot: 99 })], to('BROKEN', 'The guest had acknowledged record 100; the test has only up to 99.')],
    ['broken later', [test('HEALTHY'), atTarget({ health: 'BROKEN', healthDetail: 'it ended' })], to('BROKEN', 'it ended')],
    ['its time is up', [test('HEALTHY', { expired: true }), atTarget(well)], ends('EXPIRED')],
    ['no result in time', [test('MARKING', { secondsSinceStart: TEST_START_LIMIT_SECONDS + 1 }), atTarget({}), atSource({ problem: 'writes too fast' })], ends('FAILED', 'writes too fast')],
    ['a result has no such limit', [test('BROKEN', { secondsSinceStart: TEST_START_LIMIT_SECONDS + 1 }), atTarget({ health: 'BROKEN' })], waits('TESTING')],
    ['lost', [test('HEALTHY'), atTarget({ lost: true, problem: 'the agent was started anew' })], ends('FAILED', 'the agent was started anew')],
    ['cannot be started', [test('BOOTING'), atTarget({ problem: 'no such template' })], ends('FAILED', 'no such template')],
    ['the store is full: replication goes first', [test('HEALTHY'), { target: { ...TARGET, problem: { code: 'INSUFFICIENT_SPACE', message: 'full' } } }], ends('FAILED', 'full')],
    ['the window opens, by itself', [test('HEALTHY'), atTarget(well), open(true)], ends('WINDOW_OPENED')],
    ['the window opens, by hand', [test('HEALTHY'), atTarget(well), open(false)], waits('TESTING')],
    ['being removed', [test('ENDING'), atTarget({})], waits('TEST_ENDING')],
    ['cannot be removed', [test('ENDING'), atTarget({ problem: 'does not go off' })], waits('TEST_ENDING', 'does not go off')],
    ['the target is away', [test('ENDING'), atTarget({}, { silentSeconds: AGENT_AWAY_SECONDS + 1 })], waits('TARGET_AGENT_AWAY')],
    ['the target has not got there', [test('ENDING'), { target: { ...TARGET, stage: 'CONVERGING' } }], waits('TEST_ENDING')],
    ['nothing is left', [test('ENDING')], { kind: 'TEST_ENDED' }],
    ['nothing is known of a test', [], { kind: 'TEST_ENDED' }],
  ])('%s', (_name, changes, wanted) => expect(step(...changes)).toEqual(wanted))
})
