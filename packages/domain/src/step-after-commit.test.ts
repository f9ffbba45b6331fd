import { describe, expect, it } from 'vitest'
import { AGENT_AWAY_SECONDS } from './migration-view.ts'
import type { AfterCommitView, MigrationView, SourceView, TargetView } from './migration-view.ts'
import { nextStep } from './next-step.ts'
import { MIGRATION_STATUSES } from './states/migration.ts'
import { RETURN_TRANSITIONS } from './states/return.ts'
import type { ReturnStatus } from './states/return.ts'
import { HAND_BACK_SECONDS, RETURN_PROVING_SECONDS, RETURN_SOURCE_LOST_SECONDS, stepAfterCommit } from './step-after-commit.ts'

const SOURCE: SourceView = {
  silentSeconds: 1, hypervisorProblem: null, attempt: 2, connected: true, backgroundLeftBytes: 0, foregroundLeftBytes: 0, comparing: false, reported: true, guestOn: false,
  stage: 'REVERSE', off: false, finalSynced: false, hashes: null, reread: null, acknowledgedSequence: 100, problem: null, test: null,
}
const SHADOW = { on: true, health: 'HEALTHY', healthDetail: null, sequenceAtBoot: 100, wrote: true }
const TARGET: TargetView = { silentSeconds: 1, hypervisorProblem: null, attempt: 2, stage: 'REVERSE', freeBytes: 10_000, hashes: null, shadow: SHADOW, problem: null, test: null }
const AFTER: AfterCommitView = { secondsLeft: 600, byDefault: 'ACCEPT', accepted: false, vmReturn: null, calledOff: null }
const VALIDATING: MigrationView = {
  status: 'VALIDATING', resumeStatus: null, paused: false, automatic: true, diskKeys: ['disk0', 'disk1'], neededBytes: 5_000, diverges: false,
  source: SOURCE, target: TARGET, booking: null, goNoGo: null, order: 'FITS', test: null, turn: { kind: 'BEGIN' }, passedWindow: false, limits: { shutdownSeconds: 120, refusal: 'ABORT' },
  attempt: { number: 2, status: 'COMMITTED', shadowGone: false, sourceReturned: false, secondsInStatus: 1, windowLeftSeconds: 3_000 }, afterCommit: AFTER,
}
const HASHES = { disk0: 'a', disk1: 'b' }
const waits = (reason: string) => expect.objectContaining({ kind: 'WAIT', reason })
const callsOff = (code: string) => expect.objectContaining({ kind: 'CALL_OFF_RETURN', code })
const step = (after: Partial<AfterCommitView>, more: Partial<MigrationView> = {}) => nextStep({ ...VALIDATING, ...more, afterCommit: { ...AFTER, ...after } })

describe('the validation period', () => {
  it.each<[string, Partial<AfterCommitView>, unknown]>([
    ['none agreed on', { secondsLeft: null }, { kind: 'ACCEPT' }],
    ['runs', {}, { kind: 'WAIT', reason: 'VALIDATING', detail: null }],
    ['runs, accepted by a person', { accepted: true }, { kind: 'ACCEPT' }],
    ['runs, a return was called off', { calledOff: 'the guest refused' }, { kind: 'WAIT', reason: 'VALIDATING', detail: 'the guest refused' }],
    ['to the second', { secondsLeft: 0 }, { kind: 'ACCEPT' }],
    ['ended, to be accepted', { secondsLeft: -5 }, { kind: 'ACCEPT' }],
    ['ended, to be taken back', { secondsLeft: -5, byDefault: 'ROLL_BACK' }, { kind: 'BEGIN_RETURN' }],
    ['ended, taking back failed: never again by itself', { secondsLeft: -5, byDefault: 'ROLL_BACK', calledOff: 'it refused' }, { kind: 'WAIT', reason: 'VALIDATION_OVERDUE', detail: 'it refused' }],
    ['ended, a person had wanted it back in vain: not accepted by itself', { secondsLeft: -5, calledOff: 'it refused' }, waits('VALIDATION_OVERDUE')],
    ['ended, and accepted by a person at last', { secondsLeft: -5, calledOff: 'it refused', accepted: true }, { kind: 'ACCEPT' }],
  ])('%s', (_name, after, wanted) => expect(step(after)).toEqual(wanted))

  it('of a wave that agreed on nothing is over at once', () => {
    const { afterCommit: _, ...bare } = VALIDATING
    expect(nextStep(bare)).toEqual({ kind: 'ACCEPT' })
  })

  it('concerns nobody but a VM that runs at the target', () => {
    for (const status of MIGRATION_STATUSES)
      if (status !== 'VALIDATING' && status !== 'COMPLETED') expect(stepAfterCommit({ ...VALIDATING, status })).toBeNull()
    expect(stepAfterCommit({ ...VALIDATING, status: 'COMPLETED' })).toBeNull()
    expect(stepAfterCommit({ ...VALIDATING, attempt: null })).toBeNull()
  })
})

describe.each(['VALIDATING', 'COMPLETED'] as const)('a return from %s', (status) => {
  const returning = (of: ReturnStatus, source: Partial<SourceView>, target: Partial<TargetView>, secondsInStatus = 1, wayBack = true, heard = { sourceHeard: true, targetHeard: true }) =>
    step({ secondsLeft: -1, vmReturn: { status: of, wayBack, secondsInStatus, handedBack: HASHES, ...heard } }, { status, source: { ...SOURCE, ...source }, target: { ...TARGET, ...target } })
  const handed: Partial<TargetView> = { stage: 'HAND_BACK', handedBack: true, hashes: HASHES, shadow: { ...SHADOW, on: false } }
  const said = (code: string) => ({ code, message: 'what the agent said.' })

  it.each<[string, ReturnType<typeof step>, unknown]>([
    ['not heard of it yet', returning('HANDING_BACK', {}, {}), waits('RETURNING')],
    ['not heard of it yet: an older problem is none of its', returning('HANDING_BACK', {}, { problem: said('ORDER_REFUSED') }), waits('RETURNING')],
    ['shutting down', returning('HANDING_BACK', {}, { stage: 'CONVERGING' }), waits('RETURNING')],
    ['off, the rest not sent', returning('HANDING_BACK', {}, { ...handed, handedBack: false, hashes: null }), waits('RETURNING')],
    ['handed back', returning('HANDING_BACK', {}, handed), { kind: 'ADVANCE_RETURN', to: 'PROVING' }],
    ['handed back for another attempt', returning('HANDING_BACK', {}, { ...handed, attempt: 1 }), waits('RETURNING')],
    ['the guest refuses to shut down', returning('HANDING_BACK', {}, { stage: 'HAND_BACK', problem: said('SHUTDOWN_REFUSED') }), callsOff('SHUTDOWN_REFUSED')],
    ['the target demands an order', returning('HANDING_BACK', {}, { stage: 'CONVERGING', problem: said('ORDER_REFUSED') }), callsOff('ORDER_REFUSED')],
    ['its hypervisor has no way back', returning('HANDING_BACK', {}, { stage: 'CONVERGING', problem: said('NO_WAY_BACK') }), callsOff('NO_WAY_BACK')],
    ['trouble that passes', returning('HANDING_BACK', {}, { stage: 'HAND_BACK', problem: said('LINK_DOWN') }), expect.objectContaining({ kind: 'WAIT', detail: 'what the agent said.' })],
    ['source away for a moment', returning('HANDING_BACK', { silentSeconds: AGENT_AWAY_SECONDS + 1 }, {}), waits('SOURCE_AGENT_AWAY')],
    ['source lost', returning('HANDING_BACK', { silentSeconds: RETURN_SOURCE_LOST_SECONDS + 1 }, {}), callsOff('SOURCE_AGENT_LOST')],
    ['target away: nobody can do anything', returning('HANDING_BACK', {}, { silentSeconds: null }), waits('TARGET_AGENT_AWAY')],
    ['for ever', returning('HANDING_BACK', {}, { silentSeconds: null }, 121 + HAND_BACK_SECONDS), callsOff('STEP_TOOK_TOO_LONG')],
    ['reading back', returning('PROVING', { stage: 'TAKE_BACK' }, handed), waits('RETURNING')],
    ['the same on both sides', returning('PROVING', { stage: 'TAKE_BACK', hashes: HASHES }, handed), { kind: 'ADVANCE_RETURN', to: 'REMOVING_SHADOW' }],
    ['the same, of another attempt', returning('PROVING', { stage: 'TAKE_BACK', hashes: HASHES, attempt: 1 }, handed), waits('RETURNING')],
    ['not the same', returning('PROVING', { stage: 'TAKE_BACK', hashes: { ...HASHES, disk1: 'c' } }, handed), callsOff('DISKS_DIFFER')],
    ['a disk missing', returning('PROVING', { stage: 'TAKE_BACK', hashes: { disk0: 'a' } }, handed), callsOff('DISKS_DIFFER')],
    ['unreadable', returning('PROVING', { stage: 'TAKE_BACK', problem: said('DISK_READ_FAILED') }, handed), callsOff('DISK_READ_FAILED')],
    ['somebody switched it on at the target', returning('PROVING', { stage: 'TAKE_BACK', hashes: HASHES }, { ...handed, shadow: SHADOW }), callsOff('SHADOW_RAN')],
    ['source lost while it reads', returning('PROVING', { silentSeconds: null }, handed), callsOff('SOURCE_AGENT_LOST')],
    ['reading for ever', returning('PROVING', { stage: 'TAKE_BACK' }, handed, RETURN_PROVING_SECONDS + 1), callsOff('STEP_TOOK_TOO_LONG')],
    ['being removed', returning('REMOVING_SHADOW', {}, { stage: 'CONVERGING' }), waits('RETURNING')],
    ['removed, it says of another attempt', returning('REMOVING_SHADOW', {}, { stage: 'KEEP', attempt: 1, shadow: null }), waits('RETURNING')],
    ['the target is lost: it may still run there', returning('REMOVING_SHADOW', {}, { silentSeconds: null }, 1e9), waits('TARGET_AGENT_AWAY')],
    ['removing needs an order', returning('REMOVING_SHADOW', {}, { stage: 'CONVERGING', problem: said('ORDER_REFUSED') }), callsOff('ORDER_REFUSED')],
    ['it does not go off', returning('REMOVING_SHADOW', {}, { stage: 'CONVERGING', problem: said('SHADOW_RUNNING') }), expect.objectContaining({ kind: 'WAIT', detail: 'what the agent said.' })],
    ['gone', returning('REMOVING_SHADOW', {}, { stage: 'KEEP', shadow: null }), { kind: 'ADVANCE_RETURN', to: 'STARTING_SOURCE' }],
    ['gone, without a way back', returning('REMOVING_SHADOW', { stage: 'FINAL' }, { stage: 'KEEP', shadow: null }, 1, false), { kind: 'ADVANCE_RETURN', to: 'STARTING_SOURCE' }],
    ['being started', returning('STARTING_SOURCE', { stage: 'RETURN' }, {}), waits('RETURNING')],
    ['not started: the order is refused', returning('STARTING_SOURCE', { stage: 'RETURN', problem: said('ORDER_REFUSED') }, {}), waits('AGENT_PROBLEM')],
    ['the source is lost', returning('STARTING_SOURCE', { silentSeconds: null }, {}, 1e9), waits('SOURCE_AGENT_AWAY')],
    ['home', returning('STARTING_SOURCE', { stage: 'RETURN', guestOn: true }, {}), { kind: 'ADVANCE_RETURN', to: 'RETURNED' }],
  ])('%s', (_name, found, wanted) => expect(found).toEqual(wanted))

  it.each<[ReturnStatus, Partial<SourceView>, Partial<TargetView>]>([
    ['HANDING_BACK', {}, handed],
    ['HANDING_BACK', {}, { stage: 'HAND_BACK', problem: said('SHUTDOWN_REFUSED') }],
    ['PROVING', { stage: 'TAKE_BACK', hashes: HASHES }, handed],
    ['PROVING', { stage: 'TAKE_BACK', hashes: { disk0: 'of the return before', disk1: 'b' } }, handed],
    ['PROVING', { stage: 'TAKE_BACK' }, { ...handed, shadow: SHADOW }],
    ['REMOVING_SHADOW', {}, { stage: 'KEEP', shadow: null }],
    ['REMOVING_SHADOW', {}, { stage: 'CONVERGING', problem: said('ORDER_REFUSED') }],
    ['STARTING_SOURCE', { stage: 'RETURN', guestOn: true }, {}],
  ])('%s: what was said before it began counts for nothing', (of, source, target) => {
    expect(returning(of, source, target, 1, true, { sourceHeard: false, targetHeard: false })).toEqual(waits('RETURNING'))
    expect(returning(of, source, target).kind).not.toBe('WAIT')
  })

  it('takes no step that its table does not know', () => {
    for (const of of ['HANDING_BACK', 'PROVING', 'REMOVING_SHADOW', 'STARTING_SOURCE'] as const)
      for (const stage of ['REVERSE', 'HAND_BACK', 'KEEP', 'CONVERGING'])
        for (const at of ['REVERSE', 'TAKE_BACK', 'RETURN', 'FINAL'])
          for (const on of [true, false])
            for (const code of [null, 'ORDER_REFUSED', 'SHUTDOWN_REFUSED'])
              for (const silentSeconds of [1, null]) {
                const found = returning(of, { stage: at, guestOn: on, hashes: HASHES, silentSeconds }, { stage, shadow: on ? SHADOW : null, handedBack: true, hashes: HASHES, problem: code === null ? null : said(code) })
                if (found.kind === 'ADVANCE_RETURN') expect(RETURN_TRANSITIONS[of]).toContain(found.to)
                else if (found.kind === 'CALL_OFF_RETURN') expect(RETURN_TRANSITIONS[of]).toContain('CALLED_OFF')
                else expect(found.kind).toBe('WAIT')
              }
  })
})
