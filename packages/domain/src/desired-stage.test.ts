import { describe, expect, it } from 'vitest'
import { sourceStage, targetStage } from './desired-stage.ts'
import type { StageInput } from './desired-stage.ts'
import { CUTOVER_STATUSES } from './states/cutover.ts'
import { MIGRATION_STATUSES } from './states/migration.ts'

const given = (status: StageInput['status'], more: Partial<StageInput> = {}): StageInput => ({ status, resumeStatus: null, paused: false, wayBack: false, attempt: null, ...more })
const trying = (status: NonNullable<StageInput['attempt']>['status'], sourceReturned = false, shadowGone = true): Partial<StageInput> => ({ attempt: { status, shadowGone, sourceReturned } })

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
    [given('CANCELLED', { wayBack: true }), 'STOP', 'DISCARD'],
    [given('REPLICATING', { wayBack: true }), 'REPLICATE', 'RECEIVE'],
    [given('CANCELLED'), 'STOP', 'DISCARD'],
    [given('FAILED'), 'STOP', 'DISCARD'],
  ])('%o', (input, source, target) => expect([sourceStage(input), targetStage(input)]).toEqual([source, target]))

  it('never lets the target run while the source may: whatever is combined', () => {
    for (const status of MIGRATION_STATUSES)
      for (const attemptStatus of CUTOVER_STATUSES)
        for (const paused of [true, false])
          for (const sourceReturned of [true, false]) {
            const input: StageInput = { status, resumeStatus: null, paused, wayBack: paused, attempt: { status: attemptStatus, shadowGone: sourceReturned, sourceReturned } }
            if (['BOOT', 'ACCEPT', 'REVERSE'].includes(targetStage(input) ?? '')) expect(['FINAL', 'RELEASE', 'REVERSE']).toContain(sourceStage(input))
          }
  })
})
