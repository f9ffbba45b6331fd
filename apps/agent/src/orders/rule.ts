/**
 * What an agent does only on a signed order, whatever it is told: the one rule of both sides. Pure.
 *
 *   source   FINAL           a CUTOVER order for this VM, its window open; once it has begun to stop the VM, no more
 *            RETURN          once the VM was handed over: a RETURN order; after a failed attempt: none, it belongs to the attempt
 *            STOP            where the VM is off on the migration's account, so that it is powered on: a DISCARD order
 *            REPLICATE PAUSE none, but not while the VM was handed over
 *            RELEASE REVERSE TAKE_BACK   none, but only where this agent has stopped the VM for its cutover
 *   target   BOOT            a CUTOVER order whose plan is what is to be built; begun in time, it may be gone on with late
 *            DISCARD         a DISCARD order, once there is anything to remove; of a VM that was accepted one signed since
 *            RECEIVE VERIFY KEEP   none; once the VM was accepted, a RETURN order: all three remove it
 *            HAND_BACK       a RETURN order: it shuts the VM down
 *            ACCEPT REVERSE  none: they change nothing at the VM
 *
 * A guest that does not shut down is powered off only where its CUTOVER order says so and after how long, and inside its window (`powerOffAgreed`).
 * A test boot is apart from every network and needs none.
 */
import type { DesiredSource, DesiredTarget } from '@driftless/agent-api'
import type { CutoverOrder, Order } from '@driftless/orders'

/** What came with the desired state: an order whose signature holds, or what is wrong with it; null: nothing came. */
export type Shown = { readonly order: Order } | { readonly fault: string } | null

/** A cutover that this source agent has rightly begun: its VM was asked to shut down, or found off. */
export type BegunCutover = { readonly attempt: number; readonly vmRef: string | null; readonly targetAgentId: string | null; /** The VM was its owner's again since. */ readonly over: boolean }

export type SourceHistory = {
  readonly begun: BegunCutover | null
  /** The VM lives at the target now. */
  readonly released: boolean
  /** Powering it on again is this migration's doing. */
  readonly offOnOurAccount: boolean
}

export type TargetHistory = {
  /** There is a replica. */
  readonly exists: boolean
  /** The attempt for which its disks were given to the shadow VM; null: they were not. */
  readonly bootedAttempt: number | null
  /** Since when the shadow VM is live; null: it is not. */
  readonly acceptedAtMs: number | null
}

/** A person's clock and an agent's may differ by this; it lengthens a window at its beginning alone. */
const CLOCK_TOLERANCE_MS = 5 * 60_000

const WHO = 'If nobody decided this in the portal, find out who writes to Driftless’s database.'

/** Why the source agent `agentId` must not do what it is told; null: it may. */
export function sourceRefusal(agentId: string, wanted: DesiredSource, history: SourceHistory, shown: Shown, nowMs: number): string | null {
  const { stage, migrationId, vmRef } = wanted
  const { begun, released } = history
  switch (stage) {
    case 'FINAL': {
      if (released) return handedOver(wanted)
      if (begun !== null && !begun.over && begun.attempt === wanted.attempt && (begun.vmRef ?? vmRef) === vmRef) return null
      const fault = cutoverFault(shown, migrationId, (order) => sourceFault(agentId, wanted, order, nowMs))
      return fault && `VM "${vmRef}" is not powered off: ${fault}. Nothing was stopped. Have the approver look at the plan and say go. ${WHO}`
    }
    case 'RETURN':
      if (released) return givenUpFault(shown, 'RETURN', wanted, agentId, nowMs) === null ? null : handedOver(wanted)
      return begun !== null && (begun.vmRef ?? vmRef) !== vmRef ? `VM "${vmRef}" is not powered on: this migration has stopped another VM. ${WHO}` : null
    case 'STOP': {
      if (released) return handedOver(wanted)
      if (!history.offOnOurAccount) return null
      const fault = givenUpFault(shown, 'DISCARD', wanted, agentId, nowMs)
      return fault && `VM "${vmRef}" is not powered on: ${fault}. It may run at the target. Cancel the migration in the portal, or power it on at its hypervisor. ${WHO}`
    }
    case 'REPLICATE':
    case 'PAUSE':
      return released ? handedOver(wanted) : null
    case 'RELEASE':
    case 'REVERSE':
    case 'TAKE_BACK':
      if (released || (begun !== null && !begun.over)) return elsewhere(begun, wanted)
      return `The disks of VM "${vmRef}" are left as they are: this agent has not stopped it for a cutover, so it cannot have been handed over. ${WHO}`
  }
}

/** The approvers' signed word that a guest which does not shut down is powered off, and how long it may take before. */
export type PowerOffAgreed = { readonly by: string; readonly afterSeconds: number }

/**
 * Whether the source agent `agentId` may power off a guest that it has asked to shut down; null: it may not, whatever it is told. Begun
 * in time it may be done after the lockout, but never after the window: the cutover goes back then.
 */
export function powerOffAgreed(agentId: string, wanted: DesiredSource, shown: Shown, nowMs: number): PowerOffAgreed | null {
  const order = shown !== null && 'order' in shown && shown.order.kind === 'CUTOVER' ? shown.order : null
  if (wanted.stage !== 'FINAL' || order === null || order.onRefusedShutdown !== 'POWER_OFF' || order.powerOffAfterSeconds === undefined) return null
  const fault = cutoverFault(shown, wanted.migrationId, (own) => planFault(agentId, wanted, own) ?? notYet(own.approval.window.startsAt, nowMs))
  if (fault !== null || nowMs >= Date.parse(order.approval.window.endsAt)) return null
  return { by: order.approval.decidedBy.name, afterSeconds: order.powerOffAfterSeconds }
}

/** Why the target agent `agentId` must not do what it is told; null: it may. */
export function targetRefusal(agentId: string, wanted: DesiredTarget, history: TargetHistory, shown: Shown, nowMs: number): string | null {
  const { stage, migrationId, shape: { name } } = wanted
  const { acceptedAtMs } = history
  const ids = { migrationId, sourceAgentId: wanted.sourceAgentId, targetAgentId: agentId }
  const returned = () => givenUpFault(shown, 'RETURN', ids, agentId, nowMs) === null
  switch (stage) {
    case 'ACCEPT':
    case 'REVERSE':
      return null
    case 'RECEIVE':
    case 'VERIFY':
    case 'KEEP':
      return acceptedAtMs === null || returned() ? null : `"${name}" runs on: it was accepted, and ${stage} would remove it. ${WHO}`
    case 'HAND_BACK':
      return returned() ? null : `"${name}" runs on: there is no signed order for its return. ${WHO}`
    case 'BOOT': {
      if (acceptedAtMs !== null) return `"${name}" is left as it is: it was accepted already. ${WHO}`
      const fault = cutoverFault(shown, migrationId, (order) => targetFault(agentId, wanted, history, order, nowMs))
      return fault && `"${name}" is not started in production: ${fault}. Have the approver look at the plan and say go. ${WHO}`
    }
    case 'DISCARD': {
      if (!history.exists) return null
      const fault = givenUpFault(shown, 'DISCARD', ids, agentId, nowMs, acceptedAtMs)
      return fault && `${acceptedAtMs === null ? `The replica of "${name}" is kept` : `"${name}" runs on`}: ${fault}. Cancel its migration in the portal if that is wanted. ${WHO}`
    }
  }
}

const handedOver = ({ vmRef, stage }: DesiredSource): string => `VM "${vmRef}" was handed over to its target and may run there: it is left off, and its disks as they are, although ${stage} is wanted. ${WHO}`

/** The disks are given to one partner alone. */
function elsewhere(begun: BegunCutover | null, { stage, target, vmRef }: DesiredSource): string | null {
  if (stage === 'RELEASE' || begun === null || begun.targetAgentId === null || target === null || target.agentId === begun.targetAgentId) return null
  return `Nothing is taken into the disks of VM "${vmRef}": it was handed over to another target agent than the one that is named now. ${WHO}`
}

function cutoverFault(shown: Shown, migrationId: string, more: (order: CutoverOrder) => string | null): string | null {
  if (shown === null) return 'no signed order came with it'
  if ('fault' in shown) return `the order ${shown.fault}`
  const { order } = shown
  if (order.kind !== 'CUTOVER') return `the order is for something else (${order.kind})`
  return order.migrationId === migrationId ? more(order) : 'the order is for another migration'
}

function sourceFault(agentId: string, wanted: DesiredSource, order: CutoverOrder, nowMs: number): string | null {
  const { approval, startBefore } = order
  return planFault(agentId, wanted, order) ?? notYet(approval.window.startsAt, nowMs) ?? (nowMs > Date.parse(startBefore) ? `the order allows no beginning after ${startBefore}` : null)
}

function planFault(agentId: string, { vmRef, target, disks }: DesiredSource, { plan }: CutoverOrder): string | null {
  if (plan.sourceAgentId !== agentId) return 'the order is for another source agent'
  if (plan.vmRef !== vmRef) return `the order is for VM "${plan.vmRef}"`
  if (target !== null && plan.targetAgentId !== target.agentId) return 'the order is for another target agent'
  return sameDisks(plan.disks, disks) ? null : 'the order is for other disks'
}

function targetFault(agentId: string, { sourceAgentId, shape, attempt }: DesiredTarget, { bootedAttempt }: TargetHistory, { plan, approval, expiresAt }: CutoverOrder, nowMs: number): string | null {
  if (plan.targetAgentId !== agentId) return 'the order is for another target agent'
  if (plan.sourceAgentId !== sourceAgentId) return 'the order is for another source agent'
  const differing = (['cpus', 'memoryBytes', 'network', 'storage'] as const).filter((key) => plan[key] !== shape[key])
  if (differing.length > 0) return `what is to be built is not what was approved (${differing.join(', ')})`
  if (!sameDisks(plan.disks, shape.disks)) return 'what is to be built is not what was approved (disks)'
  if (bootedAttempt === attempt) return null
  return notYet(approval.window.startsAt, nowMs) ?? (nowMs > Date.parse(expiresAt) ? `the order expired at ${expiresAt}` : null)
}

function notYet(startsAt: string, nowMs: number): string | null {
  return nowMs < Date.parse(startsAt) - CLOCK_TOLERANCE_MS ? `its window begins only at ${startsAt}, by this agent’s clock` : null
}

type Ids = { readonly migrationId: string; readonly sourceAgentId?: string; readonly targetAgentId?: string }

/** `sinceMs`: it must have been decided after this; null: whenever. */
function givenUpFault(shown: Shown, kind: 'DISCARD' | 'RETURN', { migrationId, sourceAgentId, targetAgentId }: Ids, agentId: string, nowMs: number, sinceMs: number | null = null): string | null {
  if (shown === null) return 'no signed order came with it'
  if ('fault' in shown) return `the order ${shown.fault}`
  const { order } = shown
  if (order.kind !== kind) return `the order is for something else (${order.kind})`
  if (order.migrationId !== migrationId) return 'the order is for another migration'
  if (order.sourceAgentId !== (sourceAgentId ?? agentId) || (targetAgentId !== undefined && order.targetAgentId !== targetAgentId)) return 'the order is for other agents'
  if (sinceMs !== null && Date.parse(order.decidedAt) <= sinceMs) return 'the order was signed before the VM was accepted'
  return nowMs > Date.parse(order.expiresAt) ? `the order expired at ${order.expiresAt}` : null
}

function sameDisks(approved: CutoverOrder['plan']['disks'], told: DesiredSource['disks']): boolean {
  return approved.length === told.length && told.every(({ key, sizeBytes }) => approved.some((disk) => disk.key === key && disk.sizeBytes === sizeBytes))
}
