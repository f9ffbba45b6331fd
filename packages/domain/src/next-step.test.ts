import { describe, expect, it } from 'vitest'
import { rollbackReserveSeconds } from './cutover/deadline.ts'
import { REREAD_SECONDS } from './cutover/forecast.ts'
import { differingDisks } from './differing-disks.ts'
import { AGENT_AWAY_SECONDS } from './migration-view.ts'
import type { MigrationView, SourceView, TargetView } from './migration-view.ts'
import { CAUGHT_UP_BYTES, PARTNER_LOST_SECONDS, STEP_LIMIT_SECONDS, TARGET_UNHEARD_SECONDS, nextStep } from './next-step.ts'
import { CUTOVER_COMMITTING } from './states/cutover.ts'
import type { CutoverStatus } from './states/cutover.ts'
import { MIGRATION_ENDED, MIGRATION_PLANNED } from './states/migration.ts'

const SOURCE: SourceView = {
  silentSeconds: 1, hypervisorProblem: null, attempt: 0, connected: true, backgroundLeftBytes: 0, foregroundLeftBytes: 0, comparing: false, reported: true, guestOn: true,
  stage: 'REPLICATE', off: false, finalSynced: false, hashes: null, reread: null, acknowledgedSequence: 100, problem: null, test: null,
}
const TARGET: TargetView = { silentSeconds: 1, hypervisorProblem: null, attempt: 0, stage: 'RECEIVE', freeBytes: 10_000, hashes: null, shadow: null, problem: null, test: null }
const READY: MigrationView = {
  status: 'READY_FOR_CUTOVER', resumeStatus: null, paused: false, automatic: true, diskKeys: ['disk0', 'disk1'], neededBytes: 5_000, diverges: false,
  source: SOURCE, target: TARGET, booking: { status: 'IN_PROGRESS', window: 'OPEN' }, goNoGo: 'GO', order: 'FITS', attempt: null, test: null, turn: { kind: 'BEGIN' }, passedWindow: false, limits: { shutdownSeconds: 120, refusal: 'ABORT' },
}
const source = (changes: Partial<SourceView>): Partial<MigrationView> => ({ source: { ...SOURCE, ...changes } })
const target = (changes: Partial<TargetView>): Partial<MigrationView> => ({ target: { ...TARGET, ...changes } })
const step = (...changes: Partial<MigrationView>[]) => nextStep(Object.assign({}, READY, ...changes))
const waits = (reason: string) => expect.objectContaining({ kind: 'WAIT', reason })
const rollsBack = (code: string) => expect.objectContaining({ kind: 'ROLL_BACK', code })

const HASHES = { disk0: 'a', disk1: 'b' }
const attempt = (status: CutoverStatus, more: Partial<NonNullable<MigrationView['attempt']>> = {}): Partial<MigrationView> => ({
  status: status === 'VALIDATING' ? 'VALIDATING' : 'CUTTING_OVER',
  attempt: { number: 2, status, shadowGone: true, sourceReturned: false, secondsInStatus: 1, windowLeftSeconds: 3_000, ...more },
})
const SHADOW = { on: true, health: 'HEALTHY', healthDetail: null, sequenceAtBoot: 100, wrote: true }

describe('replication', () => {
  const CARRIED = { status: 'HANDED_OVER', late: false, exportProblem: null, importProblem: null } as const
  const problem = (code: string) => ({ problem: { code, message: 'what the agent said' } })
  it.each<[string, Partial<MigrationView>[], unknown]>([
    ['ended', [{ status: 'COMPLETED' }], { kind: 'NOTHING' }],
    ['planned', [{ status: 'ASSESSED' }], waits('START_WAVE')],
    ['started, all well', [{ status: 'READY_TO_REPLICATE' }], { kind: 'MOVE', to: 'REPLICATING' }],
    ['started, source never heard of', [{ status: 'READY_TO_REPLICATE' }, source({ silentSeconds: null })], waits('SOURCE_AGENT_AWAY')],
    ['started, source silent', [{ status: 'READY_TO_REPLICATE' }, source({ silentSeconds: AGENT_AWAY_SECONDS + 1 })], waits('SOURCE_AGENT_AWAY')],
    ['started, target silent', [{ status: 'READY_TO_REPLICATE' }, target({ silentSeconds: AGENT_AWAY_SECONDS + 1 })], waits('TARGET_AGENT_AWAY')],
    ['started, no way into its vCenter', [{ status: 'READY_TO_REPLICATE' }, source({ hypervisorProblem: 'refuses the password' })], { kind: 'WAIT', reason: 'SOURCE_HYPERVISOR_PROBLEM', detail: 'refuses the password' }],
    ['started, the provider’s hypervisor is out of reach', [{ status: 'READY_TO_REPLICATE' }, target({ hypervisorProblem: 'at 10.0.0.1' })], { kind: 'WAIT', reason: 'TARGET_HYPERVISOR_PROBLEM', detail: null }],
    ['copying, no way into its vCenter', [{ status: 'REPLICATING' }, source({ backgroundLeftBytes: 1, hypervisorProblem: 'refuses the password' })], waits('SOURCE_HYPERVISOR_PROBLEM')],
    ['its agent is away: that comes first', [{ status: 'REPLICATING' }, source({ silentSeconds: null, hypervisorProblem: 'refuses the password' })], waits('SOURCE_AGENT_AWAY')],
    ['started, no room', [{ status: 'READY_TO_REPLICATE' }, target({ freeBytes: 4_999 })], expect.objectContaining({ kind: 'BLOCK', reason: 'INSUFFICIENT_SPACE' })],
    ['started, room unknown', [{ status: 'READY_TO_REPLICATE' }, target({ freeBytes: null })], { kind: 'MOVE', to: 'REPLICATING' }],
    ['copying', [{ status: 'REPLICATING' }, source({ backgroundLeftBytes: 1 })], waits('COPYING')],
    ['disks not reported yet', [{ status: 'REPLICATING' }, source({ reported: false })], waits('COPYING')],
    ['comparing', [{ status: 'REPLICATING' }, source({ backgroundLeftBytes: 1, comparing: true })], waits('COMPARING')],
    ['paused', [{ status: 'REPLICATING', paused: true }], waits('PAUSED')],
    ['behind', [{ status: 'REPLICATING' }, source({ foregroundLeftBytes: CAUGHT_UP_BYTES + 1 })], waits('CATCHING_UP')],
    ['not connected', [{ status: 'REPLICATING' }, source({ connected: false })], waits('CATCHING_UP')],
    ['in step', [{ status: 'REPLICATING' }], { kind: 'MOVE', to: 'READY_FOR_CUTOVER' }],
    ['ready, but a sweep runs again', [source({ backgroundLeftBytes: 1 })], { kind: 'MOVE', to: 'REPLICATING' }],
    ['copying for ever', [{ status: 'REPLICATING', diverges: true }, source({ backgroundLeftBytes: 1 })], waits('NOT_CONVERGING')],
    ['behind for ever', [{ status: 'REPLICATING', diverges: true }, source({ foregroundLeftBytes: CAUGHT_UP_BYTES + 1 })], waits('NOT_CONVERGING')],
    ['little left, but never less', [{ status: 'REPLICATING', diverges: true }], waits('NOT_CONVERGING')],
    ['ready, and the guest outruns the link', [{ diverges: true }], waits('NOT_CONVERGING')],
    ['a broken link has its own word', [{ status: 'REPLICATING', diverges: true }, source({ connected: false })], waits('CATCHING_UP')],
    ['paused, whatever was before', [{ status: 'REPLICATING', diverges: true, paused: true }], waits('PAUSED')],
    ['on a lorry: neither copying nor in step', [{ status: 'REPLICATING', shipment: CARRIED }], waits('SHIPMENT_TRAVELLING')],
    ['on a lorry: not called stalled', [{ status: 'REPLICATING', shipment: CARRIED, diverges: true }, source({ connected: false, foregroundLeftBytes: CAUGHT_UP_BYTES + 1 })], waits('SHIPMENT_TRAVELLING')],
    ['on a lorry, and its agent is away: that comes first', [{ status: 'REPLICATING', shipment: CARRIED }, source({ silentSeconds: null })], waits('SOURCE_AGENT_AWAY')],
    ['read in, and behind', [{ status: 'REPLICATING', shipment: { ...CARRIED, status: 'IMPORTED' } }, source({ foregroundLeftBytes: CAUGHT_UP_BYTES + 1 })], waits('CATCHING_UP')],
    ['read in, and in step', [{ status: 'REPLICATING', shipment: { ...CARRIED, status: 'IMPORTED' } }], { kind: 'MOVE', to: 'READY_FOR_CUTOVER' }],
    ['target full', [{ status: 'REPLICATING' }, target(problem('INSUFFICIENT_SPACE'))], expect.objectContaining({ kind: 'BLOCK', reason: 'INSUFFICIENT_SPACE', detail: 'what the agent said' })],
    ['source says target full', [{ status: 'REPLICATING' }, source(problem('INSUFFICIENT_SPACE'))], expect.objectContaining({ kind: 'BLOCK', reason: 'INSUFFICIENT_SPACE' })],
    ['source disk unreadable', [{ status: 'REPLICATING' }, source(problem('DISK_READ_FAILED'))], expect.objectContaining({ kind: 'BLOCK', reason: 'AGENT_PROBLEM' })],
    ['a passing problem blocks nobody', [{ status: 'REPLICATING' }, source({ ...problem('LINK_DOWN'), connected: false })], expect.objectContaining({ kind: 'WAIT', reason: 'CATCHING_UP', detail: 'what the agent said' })],
    ['blocked, still full', [{ status: 'BLOCKED', resumeStatus: 'REPLICATING' }, target(problem('INSUFFICIENT_SPACE'))], waits('INSUFFICIENT_SPACE')],
    ['blocked, has room again', [{ status: 'BLOCKED', resumeStatus: 'REPLICATING' }], { kind: 'UNBLOCK', to: 'REPLICATING' }],
    ['blocked before its start, no room', [{ status: 'BLOCKED', resumeStatus: 'READY_TO_REPLICATE' }, target({ freeBytes: 1 })], waits('INSUFFICIENT_SPACE')],
    ['blocked without a way back', [{ status: 'BLOCKED', resumeStatus: null }], { kind: 'UNBLOCK', to: 'REPLICATING' }],
  ])('%s', (_name, changes, wanted) => expect(step(...changes)).toEqual(wanted))

  it.each([...MIGRATION_ENDED])('does nothing in %s', (status) => expect(step({ status })).toEqual({ kind: 'NOTHING' }))
  it.each([...MIGRATION_PLANNED])('waits for the start in %s', (status) => expect(step({ status })).toEqual(waits('START_WAVE')))
})

describe('a booked test', () => {
  const BOOKED = { bookingStatus: 'IN_PROGRESS', window: 'OPEN', goNoGo: 'GO', done: false } as const
  const booked = (more: Partial<NonNullable<MigrationView['bookedTest']>> = {}): Partial<MigrationView> => ({ booking: null, bookedTest: { ...BOOKED, ...more } })
  it.each<[string, Partial<MigrationView>[], unknown]>([
    ['begins in its window', [booked()], { kind: 'BEGIN_TEST' }],
    ['begins beside a cutover that is asked for by hand', [booked(), { booking: { status: 'IN_PROGRESS', window: 'OPEN' }, automatic: false }], { kind: 'BEGIN_TEST' }],
    ['gives way to a cutover that begins by itself', [booked(), { booking: { status: 'IN_PROGRESS', window: 'OPEN' } }], { kind: 'BEGIN_ATTEMPT' }],
    ['not before it is open', [booked({ bookingStatus: 'LOCKED', window: 'NOT_YET' })], waits('BOOK_WINDOW')],
    ['not after its lockout', [booked({ window: 'LOCKED_OUT' })], waits('BOOK_WINDOW')],
    ['not without the go that is asked for', [booked({ goNoGo: null })], waits('BOOK_WINDOW')],
    ['not against a no-go', [booked({ goNoGo: 'NO_GO' })], waits('BOOK_WINDOW')],
    ['once', [booked({ done: true })], waits('BOOK_WINDOW')],
    ['not while the source is on its way back', [booked(), { attempt: { number: 1, status: 'ROLLED_BACK', shadowGone: true, sourceReturned: false, secondsInStatus: 1, windowLeftSeconds: 0 } }], waits('CUTTING_OVER')],
    ['not while it copies', [booked(), source({ backgroundLeftBytes: 1 })], { kind: 'MOVE', to: 'REPLICATING' }],
  ])('%s', (_name, changes, wanted) => expect(step(...changes)).toEqual(wanted))
})

describe('before a cutover may begin', () => {
  it.each<[string, Partial<MigrationView>[], unknown]>([
    ['everything is given', [], { kind: 'BEGIN_ATTEMPT' }],
    ['no way into its vCenter', [source({ hypervisorProblem: 'refuses the password' })], waits('SOURCE_HYPERVISOR_PROBLEM')],
    ['no booking', [{ booking: null }], waits('BOOK_WINDOW')],
    ['not decided', [{ booking: { status: 'REQUESTED', window: 'OPEN' } }], waits('APPROVE_WINDOW')],
    ['counter-offer', [{ booking: { status: 'COUNTER_OFFERED', window: 'OPEN' } }], waits('APPROVE_WINDOW')],
    ['approved, not yet open', [{ booking: { status: 'LOCKED', window: 'NOT_YET' } }], waits('WINDOW_NOT_OPEN')],
    ['approved and its time has come, but not opened', [{ booking: { status: 'APPROVED', window: 'OPEN' } }], waits('WINDOW_NOT_OPEN')],
    ['over', [{ booking: { status: 'APPROVED', window: 'OVER' } }], waits('WINDOW_MISSED')],
    ['after the lockout', [{ booking: { status: 'IN_PROGRESS', window: 'LOCKED_OUT' } }], waits('WINDOW_MISSED')],
    ['does not fit any more', [{ booking: { status: 'IN_PROGRESS', window: 'DOES_NOT_FIT' } }], waits('WINDOW_MISSED')],
    ['no-go', [{ goNoGo: 'NO_GO' }], waits('NO_GO')],
    ['the last window went by', [{ booking: null, passedWindow: true }], expect.objectContaining({ kind: 'WAIT', reason: 'BOOK_WINDOW', detail: expect.stringMatching(/replication goes on/) })],
    ['not its turn', [{ turn: { kind: 'WAIT', reason: 'WAITING_FOR_TURN', detail: 'mail is first.' } }], { kind: 'WAIT', reason: 'WAITING_FOR_TURN', detail: 'mail is first.' }],
    ['failed before, and its turn again', [attempt('ROLLED_BACK', { sourceReturned: true }), { status: 'READY_FOR_CUTOVER' }], { kind: 'BEGIN_ATTEMPT' }],
    ['failed, source not back', [attempt('ROLLED_BACK'), { status: 'READY_FOR_CUTOVER' }], waits('CUTTING_OVER')],
    ['failed, shadow may run', [attempt('ROLLED_BACK', { shadowGone: false }), { status: 'REPLICATING' }, target({ stage: 'CONVERGING', attempt: 2 })], waits('CUTTING_OVER')],
    ['failed, shadow seen on', [attempt('ROLLED_BACK', { shadowGone: false }), { status: 'REPLICATING' }, target({ stage: 'KEEP', attempt: 2, shadow: SHADOW })], waits('CUTTING_OVER')],
    ['failed, target lost: the source stays off', [attempt('ROLLED_BACK', { shadowGone: false }), { status: 'REPLICATING' }, source({ stage: 'RETURN', attempt: 2 }), target({ silentSeconds: 31, attempt: 2 })], waits('TARGET_AGENT_AWAY')],
    ['failed, shadow gone for an older attempt', [attempt('ROLLED_BACK', { shadowGone: false }), { status: 'REPLICATING' }, target({ stage: 'KEEP', attempt: 1 })], waits('CUTTING_OVER')],
    ['failed, shadow gone', [attempt('ROLLED_BACK', { shadowGone: false }), { status: 'REPLICATING' }, target({ stage: 'KEEP', attempt: 2 })], { kind: 'SHADOW_GONE' }],
    ['failed, source is back', [attempt('ROLLED_BACK'), { status: 'REPLICATING' }, source({ stage: 'RETURN', attempt: 2 })], { kind: 'SOURCE_RETURNED' }],
    ['failed, source is back for an older attempt', [attempt('ROLLED_BACK'), { status: 'READY_FOR_CUTOVER' }, source({ stage: 'RETURN', attempt: 1 })], waits('CUTTING_OVER')],
  ])('%s', (_name, changes, wanted) => expect(step(...changes)).toEqual(wanted))
})

describe('an attempt that has stopped nothing yet', () => {
  const preflight = attempt('PREFLIGHT')
  it.each<[string, Partial<MigrationView>[], unknown]>([
    ['in step', [preflight], { kind: 'ADVANCE_ATTEMPT', to: 'GO_NO_GO' }],
    ['behind', [preflight, source({ foregroundLeftBytes: CAUGHT_UP_BYTES + 1 })], waits('CATCHING_UP')],
    ['not connected', [preflight, source({ connected: false })], waits('CATCHING_UP')],
    ['paused', [preflight, { paused: true }], waits('PAUSED')],
    ['the guest outruns the link', [preflight, { diverges: true }], waits('NOT_CONVERGING')],
    ['the guest outruns the link, after the go', [attempt('GO_NO_GO'), { diverges: true }], waits('NOT_CONVERGING')],
    ['source away', [preflight, source({ silentSeconds: 31 })], waits('SOURCE_AGENT_AWAY')],
    ['target away', [preflight, target({ silentSeconds: null })], waits('TARGET_AGENT_AWAY')],
    ['window closed', [preflight, { booking: { status: 'IN_PROGRESS', window: 'LOCKED_OUT' } }], rollsBack('WINDOW_CLOSED')],
    ['booking gone', [preflight, { booking: null }], rollsBack('WINDOW_CLOSED')],
    ['the plan changed after the go', [attempt('GO_NO_GO'), { order: 'PLAN_CHANGED' }], expect.objectContaining({ kind: 'WAIT', reason: 'GO_NO_GO', detail: expect.stringMatching(/changed after the go/) })],
    ['go was said, and nobody signed', [attempt('GO_NO_GO'), { order: 'MISSING' }], expect.objectContaining({ kind: 'WAIT', reason: 'GO_NO_GO', detail: expect.stringMatching(/no signed order/) })],
    ['the order begins later', [attempt('GO_NO_GO'), { order: 'NOT_YET' }], expect.objectContaining({ kind: 'WAIT', reason: 'GO_NO_GO', detail: expect.stringMatching(/begins later/) })],
    ['the order’s go has expired, and others hold', [attempt('GO_NO_GO'), { order: 'LAPSED' }], expect.objectContaining({ kind: 'WAIT', reason: 'GO_NO_GO', detail: expect.stringMatching(/has expired/) })],
    ['the order is not the portal’s', [attempt('GO_NO_GO'), { order: 'VOID' }], expect.objectContaining({ kind: 'WAIT', reason: 'GO_NO_GO', detail: expect.stringMatching(/not signed by the portal/) })],
    ['no go yet', [attempt('GO_NO_GO'), { goNoGo: null }], waits('GO_NO_GO')],
    ['go', [attempt('GO_NO_GO')], { kind: 'ADVANCE_ATTEMPT', to: 'SOURCE_QUIESCING' }],
    ['no-go', [attempt('GO_NO_GO'), { goNoGo: 'NO_GO' }], rollsBack('NO_GO')],
    ['go, but the window no longer has room', [attempt('GO_NO_GO'), { booking: { status: 'IN_PROGRESS', window: 'DOES_NOT_FIT' } }], rollsBack('WINDOW_CLOSED')],
  ])('%s', (_name, changes, wanted) => expect(step(...changes)).toEqual(wanted))

  it('never stops a source without a window that is open, whatever else is given', () => {
    for (const window of ['NOT_YET', 'LOCKED_OUT', 'DOES_NOT_FIT', 'OVER'] as const)
      for (const status of ['REQUESTED', 'APPROVED', 'LOCKED', 'IN_PROGRESS', 'DONE'])
        for (const at of [{}, preflight, attempt('GO_NO_GO')]) {
          const taken = step(at, { booking: { status, window } })
          expect(['WAIT', 'ROLL_BACK']).toContain(taken.kind)
        }
  })
})

describe('an attempt past the point', () => {
  const off = source({ attempt: 2, stage: 'FINAL', off: true, guestOn: false })
  const synced = source({ attempt: 2, stage: 'FINAL', off: true, finalSynced: true, guestOn: false })
  const proven = source({ attempt: 2, stage: 'FINAL', off: true, finalSynced: true, guestOn: false, hashes: HASHES })
  const again = (reread: SourceView['reread'], more: Partial<SourceView> = {}) => source({ attempt: 2, stage: 'FINAL', off: true, finalSynced: true, guestOn: false, hashes: HASHES, reread, ...more })
  const shadow = (changes: Partial<typeof SHADOW> = {}) => target({ attempt: 2, shadow: { ...SHADOW, ...changes } })
  it.each<[string, Partial<MigrationView>[], unknown]>([
    ['quiescing, still on', [attempt('SOURCE_QUIESCING')], waits('CUTTING_OVER')],
    ['quiescing, off', [attempt('SOURCE_QUIESCING'), off], { kind: 'ADVANCE_ATTEMPT', to: 'SOURCE_OFF' }],
    ['quiescing, off in an older attempt', [attempt('SOURCE_QUIESCING'), source({ attempt: 1, off: true })], waits('CUTTING_OVER')],
    ['quiescing, refused', [attempt('SOURCE_QUIESCING'), source({ attempt: 2, problem: { code: 'SHUTDOWN_REFUSED', message: 'm' } })], rollsBack('SHUTDOWN_REFUSED')],
    ['quiescing, refused in an older attempt', [attempt('SOURCE_QUIESCING'), source({ attempt: 1, problem: { code: 'SHUTDOWN_REFUSED', message: 'm' } })], waits('CUTTING_OVER')],
    ['quiescing too long', [attempt('SOURCE_QUIESCING', { secondsInStatus: 181 })], rollsBack('STEP_TOOK_TOO_LONG')],
    ['off', [attempt('SOURCE_OFF'), off], { kind: 'ADVANCE_ATTEMPT', to: 'FINAL_SYNC' }],
    ['final sync', [attempt('FINAL_SYNC'), off], waits('CUTTING_OVER')],
    ['final sync done', [attempt('FINAL_SYNC'), synced], { kind: 'ADVANCE_ATTEMPT', to: 'VERIFYING' }],
    ['verifying, no hashes', [attempt('VERIFYING'), synced], waits('CUTTING_OVER')],
    ['verifying, one side', [attempt('VERIFYING'), proven], waits('CUTTING_OVER')],
    ['verifying, hashes of an older attempt', [attempt('VERIFYING'), proven, target({ attempt: 1, hashes: HASHES })], waits('CUTTING_OVER')],
    ['verifying, the same', [attempt('VERIFYING'), proven, target({ attempt: 2, hashes: HASHES })], { kind: 'ADVANCE_ATTEMPT', to: 'TARGET_BOOTING' }],
    ['verifying, one differs', [attempt('VERIFYING'), proven, target({ attempt: 2, hashes: { ...HASHES, disk1: 'c' } })], rollsBack('DISKS_DIFFER')],
    ['verifying, one is missing', [attempt('VERIFYING'), proven, target({ attempt: 2, hashes: { disk0: 'a' } })], rollsBack('DISKS_DIFFER')],
    ['verifying, target fails', [attempt('VERIFYING'), proven, target({ attempt: 2, problem: { code: 'READ_FAILED', message: 'm' } })], rollsBack('READ_FAILED')],
    ['booting', [attempt('TARGET_BOOTING'), proven], waits('CUTTING_OVER')],
    ['booting, on', [attempt('TARGET_BOOTING'), proven, shadow()], { kind: 'ADVANCE_ATTEMPT', to: 'VALIDATING' }],
    ['booting, an older attempt is on', [attempt('TARGET_BOOTING'), proven, target({ attempt: 1, shadow: SHADOW })], waits('CUTTING_OVER')],
    ['booting fails', [attempt('TARGET_BOOTING'), proven, target({ attempt: 2, problem: { code: 'BOOT_FAILED', message: 'm' } })], rollsBack('BOOT_FAILED')],
    ['validating, checking', [attempt('VALIDATING'), proven, shadow({ health: 'CHECKING' })], waits('CUTTING_OVER')],
    ['validating, has not written', [attempt('VALIDATING'), proven, shadow({ wrote: false })], waits('CUTTING_OVER')],
    ['validating, broken', [attempt('VALIDATING'), proven, shadow({ health: 'BROKEN' })], rollsBack('GUEST_BROKEN')],
    ['validating, records missing', [attempt('VALIDATING'), proven, shadow({ sequenceAtBoot: 99 })], rollsBack('RECORDS_MISSING')],
    ['validating, all there', [attempt('VALIDATING'), proven, shadow()], { kind: 'COMMIT' }],
    ['validating, the source is being read once more', [attempt('VALIDATING'), again('RUNNING'), shadow()], waits('CUTTING_OVER')],
    ['validating, the source is still being read after a long time', [attempt('VALIDATING', { secondsInStatus: REREAD_SECONDS }), again('RUNNING'), shadow()], { kind: 'COMMIT' }],
    ['validating, being read by a source that is not heard of', [attempt('VALIDATING'), again('RUNNING', { silentSeconds: 99 }), shadow()], waits('CUTTING_OVER')],
    ['validating, the same when going back would soon no longer fit', [attempt('VALIDATING', { windowLeftSeconds: rollbackReserveSeconds('VALIDATING') }), again('RUNNING', { silentSeconds: 99 }), shadow()], { kind: 'COMMIT' }],
    ['validating, being read by a source that is there, when going back would soon no longer fit', [attempt('VALIDATING', { windowLeftSeconds: rollbackReserveSeconds('VALIDATING') }), again('RUNNING'), shadow()], rollsBack('WINDOW_ENDING')],
    ['validating, read once more and equal', [attempt('VALIDATING'), again('EQUAL'), shadow()], { kind: 'COMMIT' }],
    ['validating, could not be read once more', [attempt('VALIDATING'), again('FAILED'), shadow()], { kind: 'COMMIT' }],
    ['validating, a write went unseen', [attempt('VALIDATING'), again('DIFFERENT'), shadow()], rollsBack('PROOF_WRONG')],
    ['validating, what an earlier attempt was read for', [attempt('VALIDATING'), again('DIFFERENT', { attempt: 1 }), shadow()], { kind: 'COMMIT' }],
    ['the window ended meanwhile: frozen, runs to its end', [attempt('VALIDATING'), proven, shadow(), { booking: { status: 'DONE', window: 'OVER' } }], { kind: 'COMMIT' }],
    ['paused meanwhile: frozen, runs to its end', [attempt('FINAL_SYNC'), synced, { paused: true }], { kind: 'ADVANCE_ATTEMPT', to: 'VERIFYING' }],
    ['the source refuses the order', [attempt('SOURCE_QUIESCING'), source({ attempt: 2, stage: 'FINAL', problem: { code: 'ORDER_REFUSED', message: 'why' } })], { kind: 'ROLL_BACK', code: 'ORDER_REFUSED', message: 'why' }],
    ['the source refused the order of the attempt before', [attempt('SOURCE_QUIESCING'), source({ attempt: 1, stage: 'FINAL', problem: { code: 'ORDER_REFUSED', message: 'why' } })], waits('CUTTING_OVER')],
    ['the target refuses the order', [attempt('TARGET_BOOTING'), target({ attempt: 2, stage: 'BOOT', problem: { code: 'ORDER_REFUSED', message: 'why' } })], rollsBack('ORDER_REFUSED')],
    ['no-go meanwhile: too late', [attempt('FINAL_SYNC'), synced, { goNoGo: 'NO_GO' }], { kind: 'ADVANCE_ATTEMPT', to: 'VERIFYING' }],
  ])('%s', (_name, changes, wanted) => expect(step(...changes)).toEqual(wanted))

  const late = { secondsInStatus: PARTNER_LOST_SECONDS + 1 }
  const broken = { attempt: 2, stage: 'FINAL', off: true, guestOn: false, connected: false }
  const linkDown = { ...broken, problem: { code: 'CONNECTION_LOST', message: 'refused' } }
  const gone = { silentSeconds: PARTNER_LOST_SECONDS + 1 }
  it.each<[string, Partial<MigrationView>[], unknown]>([
    ['the link is down, and the step is young', [attempt('FINAL_SYNC', { secondsInStatus: PARTNER_LOST_SECONDS }), source(linkDown)], waits('CUTTING_OVER')],
    ['the link stays down', [attempt('FINAL_SYNC', late), source(linkDown)], rollsBack('LINK_LOST')],
    ['the link stays down, and what was proven has to be proven again', [attempt('VERIFYING', late), source(linkDown)], rollsBack('LINK_LOST')],
    ['the link stays down after the final sync: the proof needs none', [attempt('VERIFYING', late), source({ ...linkDown, finalSynced: true })], waits('CUTTING_OVER')],
    ['the link is up and slow', [attempt('FINAL_SYNC', late), source({ ...linkDown, connected: true })], waits('CUTTING_OVER')],
    ['the source is just back and has not tried in vain yet', [attempt('FINAL_SYNC', late), source(broken)], waits('CUTTING_OVER')],
    ['what the source says is of an older attempt', [attempt('FINAL_SYNC', late), source({ ...linkDown, attempt: 1 })], waits('CUTTING_OVER')],
    ['the target is silent, not too long', [attempt('FINAL_SYNC'), source(broken), target({ silentSeconds: PARTNER_LOST_SECONDS })], waits('CUTTING_OVER')],
    ['the target is silent too long', [attempt('FINAL_SYNC'), source(broken), target(gone)], rollsBack('TARGET_AGENT_LOST')],
    ['the target is silent too long for its hashes', [attempt('VERIFYING'), source({ ...broken, finalSynced: true }), target(gone)], rollsBack('TARGET_AGENT_LOST')],
    ['all is proven, but the target would not hear that it should boot', [attempt('VERIFYING'), source({ ...broken, finalSynced: true, hashes: HASHES }), target({ ...gone, attempt: 2, hashes: HASHES })], rollsBack('TARGET_AGENT_LOST')],
    ['the target is silent, but the source reaches it', [attempt('FINAL_SYNC'), off, target(gone)], waits('CUTTING_OVER')],
    ['the target is silent for long, though the source reaches it', [attempt('FINAL_SYNC'), off, target({ silentSeconds: TARGET_UNHEARD_SECONDS + 1 })], rollsBack('TARGET_AGENT_LOST')],
    ['the source is away as well: it could not power on', [attempt('FINAL_SYNC', late), source({ ...linkDown, silentSeconds: 600 }), target({ silentSeconds: 600 })], waits('CUTTING_OVER')],
    ['only the source is away', [attempt('VERIFYING', late), source({ ...linkDown, silentSeconds: 600 })], waits('CUTTING_OVER')],
    ['the shadow VM may run: the silent target alone can stop it', [attempt('TARGET_BOOTING', late), proven, target({ silentSeconds: 599 })], waits('CUTTING_OVER')],
    ['the shadow VM runs: the silent target alone can stop it', [attempt('VALIDATING', late), proven, shadow({ wrote: false }), { target: { ...TARGET, silentSeconds: 599 } }], waits('CUTTING_OVER')],
  ])('when %s', (_name, changes, wanted) => expect(step(...changes)).toEqual(wanted))

  it.each([...CUTOVER_COMMITTING])('does not stay in %s for ever', (status) => {
    const limit = STEP_LIMIT_SECONDS[status] ?? READY.limits.shutdownSeconds + 60
    expect(step(attempt(status, { secondsInStatus: limit + 1 }))).toEqual(rollsBack('STEP_TOOK_TOO_LONG'))
  })
})

describe('differingDisks', () => {
  it('counts what is missing on either side as different', () => {
    expect(differingDisks(['a', 'b', 'c', 'd'], { a: '1', b: '2', c: '3' }, { a: '1', b: 'x', d: '4' })).toEqual(['b', 'c', 'd'])
  })
})

describe('an attempt whose window ends', () => {
  const off = source({ attempt: 2, stage: 'FINAL', off: true, finalSynced: true, guestOn: false, hashes: HASHES })
  const verified = target({ attempt: 2, hashes: HASHES })
  const runs = target({ attempt: 2, shadow: SHADOW })
  const left = (status: CutoverStatus, windowLeftSeconds: number) => attempt(status, { windowLeftSeconds })
  it.each<[string, Partial<MigrationView>[], unknown]>([
    ['goes on while going back still fits', [left('FINAL_SYNC', 46), off], { kind: 'ADVANCE_ATTEMPT', to: 'VERIFYING' }],
    ['goes back, rather than on, once it does not', [left('FINAL_SYNC', 45), off], rollsBack('WINDOW_ENDING')],
    ['goes back sooner where a shadow VM may run', [left('TARGET_BOOTING', 90), off, target({ attempt: 2 })], rollsBack('WINDOW_ENDING')],
    ['starts nothing at the target any more', [left('VERIFYING', 45), off, verified], rollsBack('WINDOW_ENDING')],
    ['waits for no guest', [left('SOURCE_QUIESCING', 45)], rollsBack('WINDOW_ENDING')],
    ['says what went wrong before, where something did', [left('SOURCE_QUIESCING', 45), source({ attempt: 2, problem: { code: 'SHUTDOWN_REFUSED', message: 'm' } })], rollsBack('SHUTDOWN_REFUSED')],
    ['is accepted where it is proven at that very look', [left('VALIDATING', 20), off, runs], { kind: 'COMMIT' }],
    ['is not accepted once the window is over', [left('VALIDATING', 0), off, runs], rollsBack('WINDOW_ENDING')],
    ['is rolled back late, when nobody could do it in time', [left('VALIDATING', -500), off, runs], rollsBack('WINDOW_ENDING')],
  ])('%s', (_name, changes, wanted) => expect(step(...changes)).toEqual(wanted))

  it('always has so much time left that going back fits, from whatever step it goes on', () => {
    for (const status of CUTOVER_COMMITTING)
      for (let seconds = -10; seconds < 200; seconds += 1) {
        const taken = step(left(status, seconds), off, Object.assign({}, verified, { target: { ...TARGET, attempt: 2, hashes: HASHES, shadow: SHADOW } }))
        if (taken.kind === 'ADVANCE_ATTEMPT' || taken.kind === 'WAIT') expect(seconds).toBeGreaterThan(rollbackReserveSeconds(status))
        if (taken.kind === 'COMMIT') expect(seconds).toBeGreaterThan(0)
      }
  })
})

describe('a guest that does not shut down', () => {
  const refuses = source({ attempt: 2, problem: { code: 'SHUTDOWN_REFUSED', message: 'It still runs.' } })
  const policy = (refusal: MigrationView['limits']['refusal'], more = {}): Partial<MigrationView>[] => [attempt('SOURCE_QUIESCING', { secondsInStatus: 10_000, ...more }), refuses, { limits: { shutdownSeconds: 120, refusal } }]
  it.each<[string, Partial<MigrationView>[], unknown]>([
    ['ends the attempt, where that was agreed on', policy('ABORT'), rollsBack('SHUTDOWN_REFUSED')],
    ['is waited for, however long, where that was agreed on', policy('WAIT'), { kind: 'WAIT', reason: 'CUTTING_OVER', detail: 'It still runs.' }],
    ['is waited for only as long as going back fits', policy('WAIT', { windowLeftSeconds: 45 }), rollsBack('WINDOW_ENDING')],
    ['was not switched off by its agent, though that was agreed on', policy('POWER_OFF'), rollsBack('SHUTDOWN_REFUSED')],
  ])('%s', (_name, changes, wanted) => expect(step(...changes)).toEqual(wanted))
})
