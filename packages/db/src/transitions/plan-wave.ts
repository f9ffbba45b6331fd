import { DomainError, checkPlan } from '@driftless/domain'
import type { CutoverMode } from '@driftless/domain'
import { audit } from '../audit.ts'
import { readCutoverPlan } from '../queries/cutover-plan.ts'
import type { ScopedTx } from '../scope.ts'
import type { WaveAgreement } from './change-plan.ts'
import { refuseBlocked } from './refuse-blocked.ts'
import { refuseWithoutWayBack } from './refuse-without-way-back.ts'
import { isUniqueViolation } from './violations.ts'

export type PlannedVm = {
  readonly vmId: string
  readonly network: string
  readonly storage: string
  readonly cpus: number
  readonly memoryBytes: bigint
}
export type WavePlan = {
  readonly name: string
  readonly siteId: string
  readonly destinationId: string
  readonly cutoverMode: CutoverMode
  readonly rateBytesPerSecond: bigint | null
  readonly vms: readonly PlannedVm[]
  /** What else is agreed on beforehand; left out: as the database's defaults have it, accepted as soon as it is proven to run. */
  readonly agreement?: Omit<WaveAgreement, 'cutoverMode'> | undefined
}

/** A wave is what one team can watch in one window; more VMs are several waves. */
export const MOST_VMS_IN_A_WAVE = 500

/**
 * Plans a wave: one ASSESSED migration for each VM, in the order given; nothing starts. Resolves to
 * the wave's id. VM_ALREADY_MIGRATING, VM_UNKNOWN, VM_WITHOUT_DISKS, VM_BLOCKED, NETWORK_UNKNOWN, STORAGE_UNKNOWN or
 * DESTINATION_UNKNOWN when it can't be, WAY_BACK_NOT_OFFERED and the codes of `checkPlan`: row-level security makes a foreign tenant's id unknown.
 */
export async function planWave(tx: ScopedTx, plan: WavePlan): Promise<string> {
  if (plan.vms.length === 0 || plan.vms.length > MOST_VMS_IN_A_WAVE)
    throw new DomainError('WAVE_SIZE', `A wave has 1 to ${MOST_VMS_IN_A_WAVE} VMs.`, { most: MOST_VMS_IN_A_WAVE })
  const destination = await tx.db.destination.findUnique({ where: { id: plan.destinationId } })
  if (!destination) throw new DomainError('DESTINATION_UNKNOWN', 'There is no such destination.')
  const found = await tx.db.vm.findMany({ where: { id: { in: plan.vms.map((vm) => vm.vmId) }, siteId: plan.siteId }, include: { disks: true } })
  const byId = new Map(found.map((vm) => [vm.id, vm]))
  const rows = plan.vms.map((planned, position) => {
    const vm = byId.get(planned.vmId)
    if (!vm) throw new DomainError('VM_UNKNOWN', 'There is no such VM at this site.')
    if (vm.disks.length === 0) throw new DomainError('VM_WITHOUT_DISKS', `${vm.name} has no disks that its agent could replicate.`, { vm: vm.name })
    refuseBlocked(vm)
    if (!destination.networks.includes(planned.network)) throw new DomainError('NETWORK_UNKNOWN', `The destination has no network ${planned.network}.`, { network: planned.network })
    if (!destination.storages.includes(planned.storage)) throw new DomainError('STORAGE_UNKNOWN', `The destination has no storage ${planned.storage}.`, { storage: planned.storage })
    return { planned, vm, position }
  })
  const owner = { providerId: destination.providerId, tenantId: destination.tenantId }
  const wave = await tx.db.wave.create({
    data: { ...owner, siteId: plan.siteId, destinationId: plan.destinationId, name: plan.name, cutoverMode: plan.cutoverMode, rateBytesPerSecond: plan.rateBytesPerSecond, createdById: tx.actor.id ?? 'system', ...plan.agreement },
  })
  for (const { planned, vm, position } of rows) {
    try {
      await tx.db.migration.create({
        data: {
          ...owner, waveId: wave.id, vmId: vm.id, position, status: 'ASSESSED', network: planned.network, storage: planned.storage, cpus: planned.cpus, memoryBytes: planned.memoryBytes,
          replications: { create: vm.disks.map((disk) => ({ ...owner, diskKey: disk.key, sizeBytes: disk.sizeBytes })) },
        },
      })
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('VM_ALREADY_MIGRATING', `${vm.name} is in another wave that is not over.`, { vm: vm.name })
      throw error
    }
  }
  checkPlan(await readCutoverPlan(tx, wave.id, null))
  if (plan.agreement?.keepWayBack === true) await refuseWithoutWayBack(tx, destination.targetSiteId)
  await audit(tx, 'wave.plan', { ...owner, kind: 'wave', id: wave.id, name: wave.name }, { after: 'ASSESSED', detail: { vms: rows.map((row) => row.vm.name), destination: destination.name } })
  return wave.id
}
