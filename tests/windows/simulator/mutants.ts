import { RULES } from './rules.ts'
import type { Rules } from './rules.ts'

/** The rules with one fault in them, and the promises of which one must then be broken. */
export type Mutant = { readonly name: string; readonly breaks: readonly string[]; readonly rules: Rules }

const mutant = (name: string, breaks: readonly string[], changes: Partial<Rules>): Mutant => ({ name, breaks, rules: { ...RULES, ...changes } })

export const MUTANTS: readonly Mutant[] = [
  mutant('the rollback’s reserve is ignored', ['back in time', 'window'], {
    nextStep: (view) => RULES.nextStep({ ...view, attempt: view.attempt && { ...view.attempt, windowLeftSeconds: view.attempt.windowLeftSeconds + 120 } }),
  }),
  mutant('a cutover begins though it does not fit before the window’s end', ['fits', 'window'], { windowAt: (window, nowMs) => RULES.windowAt(window, nowMs, 0) }),
  mutant('the lockout is ignored', ['window', 'fits'], { windowAt: (window, nowMs, needed) => RULES.windowAt({ ...window, lockoutAtMs: window.endsAtMs }, nowMs, needed) }),
  mutant('the target boots as soon as the source is asked to stop', ['both on', 'acknowledged writes'], {
    targetStage: (input) => (input.attempt?.status === 'SOURCE_QUIESCING' ? 'BOOT' : RULES.targetStage(input)),
  }),
  mutant('the source is powered on without the target’s word after a failed attempt', ['both on'], {
    sourceStage: (input) => RULES.sourceStage({ ...input, attempt: input.attempt && { ...input.attempt, shadowGone: true } }),
  }),
  mutant('the source is powered on while a return still removes the shadow VM', ['both on', 'acknowledged writes'], {
    sourceStage: (input) => RULES.sourceStage({ ...input, ...(input.vmReturn?.status === 'REMOVING_SHADOW' ? { vmReturn: { ...input.vmReturn, status: 'STARTING_SOURCE' } } : {}) }),
  }),
  mutant('the two sides’ hashes are not compared', ['acknowledged writes'], {
    nextStep: (view) => RULES.nextStep({ ...view, target: { ...view.target, hashes: view.target.hashes && view.source.hashes } }),
  }),
  mutant('what the guest had acknowledged is not looked for', ['acknowledged writes'], { nextStep: (view) => RULES.nextStep({ ...view, source: { ...view.source, acknowledgedSequence: 0 } }) }),
  mutant('the second reading of the source is not looked at', ['acknowledged writes'], { nextStep: (view) => RULES.nextStep({ ...view, source: { ...view.source, reread: null } }) }),
  mutant('agents do as they are told, unsigned', ['approved', 'window'], {
    sourceRefusal: () => null, targetRefusal: () => null,
    // The database was taken over: it says that enough people have said go.
    judgeApprovals: (...said) => ({ ...RULES.judgeApprovals(...said), verdict: 'GO' }), nextStep: (view) => RULES.nextStep({ ...view, order: 'FITS' }),
  }),
  mutant('agents power off whatever does not shut down', ['by force'], { powerOffAgreed: (_agent, wanted) => ({ by: 'nobody', afterSeconds: wanted.shutdownSeconds }) }),
  mutant('a go holds for a plan that was changed since', ['approved'], {
    judgeApprovals: (policy, words, planHash, ...rest) => RULES.judgeApprovals(policy, words.map((word) => ({ ...word, planHash })), planHash, ...rest), nextStep: (view) => RULES.nextStep({ ...view, order: 'FITS' }),
  }),
  mutant('all VMs of a wave begin at once', ['turn'], { turnOf: () => ({ kind: 'BEGIN' }) }),
  mutant('a validation period ends with its first look', ['acceptance'], {
    nextStep: (view) => RULES.nextStep({ ...view, ...(view.afterCommit ? { afterCommit: { ...view.afterCommit, secondsLeft: view.afterCommit.secondsLeft === null ? null : 0, byDefault: 'ACCEPT' } } : {}) }),
  }),
  mutant('a travelling VM’s cutover begins before it caught up', ['travels'], {
    nextStep: (view) => {
      const blind = RULES.nextStep({ ...view, shipment: null, source: view.shipment ? { ...view.source, connected: true, backgroundLeftBytes: 0, foregroundLeftBytes: 0 } : view.source })
      return blind.kind === 'WAIT' ? RULES.nextStep(view) : blind
    },
  }),
  mutant('a VM that travels is said to be copied over the wire', ['waits'], { nextStep: (view) => RULES.nextStep({ ...view, shipment: null }) }),
  mutant('devices count as read before they are', ['travels'], {
    nextShipmentStep: (view) => (view.status === 'IMPORTING' ? { kind: 'MOVE', to: 'IMPORTED' } : RULES.nextShipmentStep(view)),
  }),
  mutant('the agents wait on for devices that were given up', ['travels'], { seedStepsOf: (status) => RULES.seedStepsOf(status === 'CANCELLED' ? 'HANDED_OVER' : status) }),
  mutant('the ledger does not know what it has already', ['billed twice'], {
    billingKey: (() => {
      let told = 0
      return (migrationId: string, kind: string, stay: number) => `${migrationId}/${kind}/${stay}/${(told += 1)}`
    })(),
  }),
  mutant('writers do not compare before they set', ['twice', 'billed twice', 'table', 'attempt', 'return'], { owns: () => true }),
  mutant('replicas of VMs that are moved are removed', ['replica', 'livelock', 'acknowledged writes'], {
    targetStage: (input) => (input.status === 'COMPLETED' ? 'DISCARD' : RULES.targetStage(input)), targetRefusal: () => null,
  }),
  mutant('an attempt goes on for ever', ['livelock', 'back in time', 'window'], {
    nextStep: (view) => {
      const step = RULES.nextStep(view)
      return step.kind === 'ROLL_BACK' && view.attempt !== null && !['PREFLIGHT', 'GO_NO_GO'].includes(view.attempt.status) ? { kind: 'WAIT', reason: 'CUTTING_OVER', detail: null } : step
    },
  }),
]
