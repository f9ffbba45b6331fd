import { describe, expect, it } from 'vitest'
import { sourceStage, targetStage } from './desired-stage.ts'
import type { StageInput } from './desired-stage.ts'
import { CUTOVER_STATUSES } from './states/cutover.ts'
import { MIGRATION_STATUSES } from './states/migration.ts'
import { RETURN_UNDER_WAY } from './states/return.ts'
import type { ReturnStatus } from './states/return.ts'

const given = (status: StageInput['status'], more: Partial<StageInput> = {}): StageInput => ({ status, resumeStatus: null, paused: false, wayBack: false, attempt: null, ...more })
const trying = (status: NonNullable<StageInput['attempt']>['status'], sourceReturned = false, shadowGone = true): Partial<StageInput> => ({ attempt: { status, shadowGone, sourceReturned } })

const returning = (status: ReturnStatus, wayBack = true): Partial<StageInput> => ({ vmReturn: { status, wayBack } })

describe('desired stages', () => {
  it.each<[StageInput, string | null, string | null]>([
    [given('DRAFT'), null, null],
    [given('ASSESSED'), null, null],
    [given('READY_TO_REPLICATE'), null, null],
    [given('REPLICATING'), 'REPLICATE', 'RECEIVE'],
    [given('REPLICATING', { paused: true }), 'PAUSE', 'RECEIVE'],
    [given('READY_FOR_TEST'), 'REPLICATE', 'RECEIVE'],
    [given('TESTING'), 'REPLICATE', 'RECEIVE'],
    [given('READY_FOR_CUTOVER'), 'REPLICATE', 'RECEIVE'],
    [given('CUTTING_OVER', trying('PREFLIGHT')), 'REPLICATE', 'RECEIVE'],
    [given('CUTTING_OVER', trying('GO_NO_GO')), 'REPLICATE', 'RECEIVE'],
    [given('CUTTING_OVER', trying('SOURCE_QUIESCING')), 'FINAL', 'RECEIVE'],
    [given('CUTTING_OVER', { paused: true, ...trying('SOURCE_QUIESCING') }), 'FINAL', 'RECEIVE'],
    [given('CUTTING_OVER', trying('SOURCE_OFF')), 'FINAL', 'RECEIVE'],
    [given('CUTTING_OVER', trying('FINAL_SYNC')), 'FINAL', 'RECEIVE'],
    [given('CUTTING_OVER', trying('VERIFYING')), 'FINAL', 'VERIFY'],
    [given('CUTTING_OVER', trying('TARGET_BOOTING')), 'FINAL', 'BOOT'],
    [given('VALIDATING', trying('VALIDATING')), 'FINAL', 'BOOT'],
    [given('REPLICATING', trying('ROLLED_BACK')), 'RETURN', 'KEEP'],
    [given('REPLICATING', { paused: true, ...trying('ROLLED_BACK') }), 'RETURN', 'KEEP'],
    [given('REPLICATING', trying('ROLLED_BACK', false, false)), 'FINAL', 'KEEP'],
    [given('CANCELLED', trying('ROLLED_BACK', false, false)), 'STOP', 'DISCARD'],
    [given('REPLICATING', trying('ROLLED_BACK', true)), 'REPLICATE', 'KEEP'],
    [given('BLOCKED', { resumeStatus: 'READY_TO_REPLICATE' }), null, null],
    [given('BLOCKED', { resumeStatus: 'REPLICATING' }), 'REPLICATE', 'RECEIVE'],
    [given('BLOCKED', { resumeStatus: 'REPLICATING', ...trying('ROLLED_BACK') }), 'RETURN', 'KEEP'],
    [given('BLOCKED'), 'REPLICATE', 'RECEIVE'],
    [given('COMPLETED', trying('COMMITTED')), 'RELEASE', 'ACCEPT'],
    [given('COMPLETED', { wayBack: true, ...trying('COMMITTED') }), 'REVERSE', 'REVERSE'],
    [given('VALIDATING', trying('COMMITTED')), 'FINAL', 'BOOT'],
    [given('VALIDATING', { wayBack: true, ...trying('COMMITTED') }), 'REVERSE', 'REVERSE'],
    [given('VALIDATING', { ...returning('REMOVING_SHADOW', false), ...trying('COMMITTED') }), 'FINAL', 'KEEP'],
    [given('VALIDATING', { ...returning('STARTING_SOURCE', false), ...trying('COMMITTED') }), 'RETURN', 'KEEP'],
    [given('VALIDATING', { wayBack: true, ...returning('HANDING_BACK'), ...trying('COMMITTED') }), 'REVERSE', 'HAND_BACK'],
    [given('VALIDATING', { wayBack: true, ...returning('PROVING'), ...trying('COMMITTED') }), 'TAKE_BACK', 'HAND_BACK'],
    [given('COMPLETED', { wayBack: true, ...returning('REMOVING_SHADOW'), ...trying('COMMITTED') }), 'TAKE_BACK', 'KEEP'],
    [given('COMPLETED', { wayBack: true, ...returning('STARTING_SOURCE'), ...trying('COMMITTED') }), 'RETURN', 'KEEP'],
    [given('REPLICATING', trying('COMMITTED')), 'REPLICATE', 'RECEIVE'],
    [given('ROLLED_BACK', trying('COMMITTED')), 'STOP', 'DISCARD'],
    [given('CANCELLED', { wayBack: true }), 'STOP', 'DISCARD'],
    [given('REPLICATING', { wayBack: true }), 'REPLICATE', 'RECEIVE'],
    [given('CANCELLED'), 'STOP', 'DISCARD'],
    [given('FAILED'), 'STOP', 'DISCARD'],
  ])('%o', (input, source, target) => expect([sourceStage(input), targetStage(input)]).toEqual([source, target]))

  it('never lets the target run while the source may: whatever is combined', () => {
    for (const status of MIGRATION_STATUSES)
      for (const attemptStatus of CUTOVER_STATUSES)
        for (const paused of [true, false])
          for (const sourceReturned of [true, false])
            for (const ofReturn of [null, ...RETURN_UNDER_WAY])
              for (const vmReturn of [ofReturn && { status: ofReturn, wayBack: true }, ofReturn && { status: ofReturn, wayBack: false }]) {
                const input: StageInput = { status, resumeStatus: null, paused, wayBack: paused, attempt: { status: attemptStatus, shadowGone: sourceReturned, sourceReturned }, vmReturn }
                if (['BOOT', 'ACCEPT', 'REVERSE', 'HAND_BACK'].includes(targetStage(input) ?? '')) expect(['FINAL', 'RELEASE', 'REVERSE', 'TAKE_BACK']).toContain(sourceStage(input))
              }
  })
})
