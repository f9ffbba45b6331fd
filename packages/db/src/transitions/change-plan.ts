import { DomainError, MIGRATION_ENDED, canonicalJson, checkPlan, diffPlans, isPastGo, isPlanFrozen } from '@driftless/domain'
import type { CutoverMode, CutoverPlan, CutoverStatus, MigrationStatus, PlanChange, PlanValue, ShutdownRefusal, ValidationDefault } from '@driftless/domain'
import { audit } from '../audit.ts'
import { cutoverPlanHash, readCutoverPlan, readPresentBooking } from '../queries/cutover-plan.ts'
import type { ScopedTx } from '../scope.ts'
import { lockPlan } from './lock-plan.ts'
import { refuseWithoutWayBack } from './refuse-without-way-back.ts'

/** What a wave agrees on beforehand about its cutovers, whatever its VMs are. */
export type WaveAgreement = {
  readonly cutoverMode: CutoverMode
  readonly parallelCutovers: number
  readonly shutdownSeconds: number
  readonly shutdownRefusal: ShutdownRefusal
  readonly validationMinutes: number
  readonly validationDefault: ValidationDefault
  readonly keepWayBack: boolean
}
export type VmAgreement = {
  readonly migrationId: string
  readonly network: string
  readonly storage: string
  readonly cpus: number
  readonly memoryBytes: bigint
  readonly dependsOnIds: readonly string[]
  readonly apartGroup: string | null
  readonly cutoverAt: Date | null
}
export type ChangedPlan = WaveAgreement & {
  readonly waveId: string
  /** Of the plan that was changed: what somebody else has changed meanwhile is not written over. */
  readonly planHash: string
  /** Every VM of the wave, in the order of their turns. */
  readonly vms: readonly VmAgreement[]
}

/** As much as a person reads of a change in the audit log; the whole of it is in the plans that goes are bound to. */
const MOST_LETTERS = 2_000

/**
 * Changes what a wave has agreed on; goes that were said before hold no more. Answers whether anything changed. WAVE_UNKNOWN,
 * PLAN_CHANGED, PLAN_FROZEN for a VM whose cutover is past its go, WAVE_OVER, VMS_MISSING, NETWORK_UNKNOWN, STORAGE_UNKNOWN,
 * WAY_BACK_NOT_OFFERED, and the codes of `checkPlan`.
 */
export async function changePlan(tx: ScopedTx, changed: ChangedPlan): Promise<boolean> {
  await lockPlan(tx, changed.waveId)
  const wave = await tx.db.wave.findUnique({
    where: { id: changed.waveId },
    include: { destination: true, migrations: { include: { vm: { select: { name: true } }, attempts: { orderBy: { number: 'desc' }, take: 1, select: { status: true } } } } },
  })
  if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
  if (wave.migrations.every(({ status }) => MIGRATION_ENDED.includes(status))) throw new DomainError('WAVE_OVER', `Every VM of ${wave.name} has ended; there is nothing left to agree on.`, { wave: wave.name })
  const booking = await readPresentBooking(tx, wave.id, 'ANY')
  const before = await readCutoverPlan(tx, wave.id, booking)
  if (cutoverPlanHash(before) !== changed.planHash) throw new DomainError('PLAN_CHANGED', 'Somebody has changed the plan since you looked at it. Nothing was written.')
  const after = planAfter(before, changed)
  checkPlan(after)
  const changes = diffPlans(before, after)
  if (changes.length === 0) return false
  refuseFrozen(wave.migrations, changes)
  for (const vm of changed.vms) refuseUnknown(vm, before, wave.destination)
  if (changed.keepWayBack && !wave.keepWayBack) await refuseWithoutWayBack(tx, wave.destination.targetSiteId)
  const { waveId: _, planHash: __, vms, ...agreement } = changed
  await tx.db.wave.update({ where: { id: wave.id }, data: agreement })
  for (const [position, { migrationId, dependsOnIds, ...vm }] of vms.entries()) {
    // Untouched rows stay untouched: writing one wakes its agents.
    if (canonicalJson(before.vms[position]) === canonicalJson(after.vms[position])) continue
    await tx.db.migration.update({ where: { id: migrationId }, data: { ...vm, dependsOnIds: [...dependsOnIds], position } })
  }
  await audit(tx, 'wave.change-plan', { ...wave, kind: 'wave' }, { before: inWords(changes, 'before'), after: inWords(changes, 'after'), detail: { planHashBefore: changed.planHash, planHashAfter: cutoverPlanHash(after) } })
  return true
}

function planAfter(before: CutoverPlan, { cutoverMode, vms, waveId: _, planHash: __, ...agreement }: ChangedPlan): CutoverPlan {
  const byId = new Map(vms.map((vm) => [vm.migrationId, vm]))
  if (byId.size !== vms.length || vms.length !== before.vms.length || before.vms.some(({ migrationId }) => !byId.has(migrationId)))
    throw new DomainError('VMS_MISSING', 'A plan names every VM of its wave once.')
  const after = vms.flatMap(({ migrationId, dependsOnIds, memoryBytes, cutoverAt, ...vm }) => {
    const old = before.vms.find((one) => one.migrationId === migrationId)
    return old ? [{ ...old, ...vm, memoryBytes: Number(memoryBytes), dependsOnIds: [...new Set(dependsOnIds)].toSorted(), cutoverAt: cutoverAt?.toISOString() ?? null }] : []
  })
  return { ...before, ...agreement, mode: cutoverMode, vms: after }
}

type Going = { readonly status: MigrationStatus; readonly vm: { readonly name: string }; readonly attempts: readonly { readonly status: CutoverStatus }[] }

/** Past its go a cutover runs to its end as it was agreed; meanwhile what holds for the whole wave stays as well. */
function refuseFrozen(migrations: readonly Going[], changes: readonly PlanChange[]): void {
  const under = migrations.filter(({ attempts: [attempt] }) => isPastGo(attempt?.status))
  const frozen = new Set(migrations.filter(({ status, attempts: [attempt] }) => isPlanFrozen(status, attempt?.status)).map(({ vm }) => vm.name))
  for (const { vm, field } of changes) {
    const [name] = vm === null ? (field === 'order' ? [] : under.map((one) => one.vm.name)) : frozen.has(vm) ? [vm] : []
    if (name !== undefined) throw new DomainError('PLAN_FROZEN', `The cutover of ${name} is past its go; what was agreed about it can no longer be changed.`, { vm: name })
  }
}

/** What a VM has had keeps standing, though a destination may have stopped offering it. */
function refuseUnknown(vm: VmAgreement, before: CutoverPlan, destination: { readonly networks: readonly string[]; readonly storages: readonly string[] }): void {
  const old = before.vms.find(({ migrationId }) => migrationId === vm.migrationId)
  if (vm.network !== old?.network && !destination.networks.includes(vm.network)) throw new DomainError('NETWORK_UNKNOWN', `The destination has no network ${vm.network}.`, { network: vm.network })
  if (vm.storage !== old?.storage && !destination.storages.includes(vm.storage)) throw new DomainError('STORAGE_UNKNOWN', `The destination has no storage ${vm.storage}.`, { storage: vm.storage })
}

function inWords(changes: readonly PlanChange[], side: 'before' | 'after'): string {
  const said = changes.map((change) => `${change.vm === null ? '' : `${change.vm} `}${change.disk ?? change.field}: ${value(change[side])}`).join('; ')
  return said.length <= MOST_LETTERS ? said : `${said.slice(0, MOST_LETTERS - 1)}…`
}

const value = (one: PlanValue): string => (one === null ? 'none' : typeof one === 'object' ? (one.length === 0 ? 'none' : one.join(', ')) : String(one))
