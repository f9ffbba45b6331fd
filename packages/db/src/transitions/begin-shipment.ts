import { DomainError, TRANSIT_DAYS } from '@driftless/domain'
import { audit } from '../audit.ts'
import { lockWave } from '../queries/migration-view.ts'
import type { ScopedTx } from '../scope.ts'
import { noteCustody, shipmentSubject } from './move-shipment.ts'
import { refuseWithoutSeeds } from './refuse-without-seeds.ts'
import { isUniqueViolation } from './violations.ts'

export type ShipmentPlan = {
  readonly waveId: string
  /** Migrations of that wave. */
  readonly migrationIds: readonly string[]
  /** Places of the source's agent, in the order in which they are filled. */
  readonly places: readonly string[]
  readonly transitDays: number
}

/** Agents are chosen when the wave starts; until then those that would be. */
const newestContactFirst = { where: { revokedAt: null, quarantinedAt: null }, orderBy: { lastContactAt: { sort: 'desc', nulls: 'last' } } } as const

/**
 * Sends VMs of a wave by device: of a wave that is not started yet, or of one that runs, for VMs whose first copy is not done.
 * Answers the shipment's id. WAVE_UNKNOWN, MIGRATION_UNKNOWN, SHIPMENT_EXISTS, SHIPMENT_VM_TOO_FAR, SHIPMENT_DAYS and the codes of
 * `refuseWithoutSeeds` say what stands in the way.
 */
export async function beginShipment(tx: ScopedTx, plan: ShipmentPlan, now: Date): Promise<string> {
  refuseDays(plan.transitDays)
  await lockWave(tx, plan.waveId)
  const wave = await tx.db.wave.findUnique({
    where: { id: plan.waveId },
    include: { site: { include: { agents: newestContactFirst } }, destination: { include: { targetSite: { include: { agents: newestContactFirst } } } }, migrations: { include: { vm: { select: { name: true } } } } },
  })
  if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
  const chosen = plan.migrationIds.map((id) => {
    const migration = wave.migrations.find((one) => one.id === id)
    if (!migration) throw new DomainError('MIGRATION_UNKNOWN', 'There is no such migration in this wave.')
    return migration
  })
  const [first] = chosen
  if (!first) throw new DomainError('SHIPMENT_NO_VMS', 'A shipment needs at least one VM.')
  const tooFar = chosen.find(({ status, readyAt }) => !(status === 'ASSESSED' || status === 'READY_TO_REPLICATE' || (status === 'REPLICATING' && readyAt === null)))
  if (tooFar) throw new DomainError('SHIPMENT_VM_TOO_FAR', `${tooFar.vm.name} is copied already, or is not being moved.`, { vm: tooFar.vm.name })
  const { site, destination: { targetSite } } = wave
  const source = site.agents.find(({ id }) => first.sourceAgentId === null || id === first.sourceAgentId)
  const target = targetSite.agents.find(({ id }) => first.targetAgentId === null || id === first.targetAgentId)
  if (!source) throw new DomainError('NO_SOURCE_AGENT', `No agent is enrolled at ${site.name}.`, { site: site.name })
  if (!target) throw new DomainError('NO_TARGET_AGENT', `No agent is enrolled at ${targetSite.name}.`, { site: targetSite.name })
  refuseWithoutSeeds(source, site, target, targetSite, plan.places)
  const owner = { providerId: wave.providerId, tenantId: wave.tenantId }
  const shipment = await create(tx, { ...owner, waveId: wave.id, status: 'PREPARING', statusChangedAt: now, reachedAt: { PREPARING: now.toISOString() }, sourcePlaces: [...plan.places], transitDays: plan.transitDays, begunById: tx.actor.id, begunAt: now }, wave.name)
  await tx.db.shipmentVm.createMany({ data: chosen.map(({ id: migrationId }) => ({ ...owner, shipmentId: shipment, migrationId })) })
  const ref = { id: shipment, ...owner, wave }
  const detail = { vms: chosen.map(({ vm }) => vm.name), places: [...plan.places], transitDays: plan.transitDays }
  await noteCustody(tx, ref, 'PREPARING', now, { detail })
  await audit(tx, 'shipment.begin', shipmentSubject(ref), { after: 'PREPARING', detail })
  return shipment
}

async function create(tx: ScopedTx, data: Parameters<typeof tx.db.shipment.create>[0]['data'], wave: string): Promise<string> {
  try {
    return (await tx.db.shipment.create({ data })).id
  } catch (error) {
    if (isUniqueViolation(error)) throw new DomainError('SHIPMENT_EXISTS', `${wave} has a shipment already.`, { wave })
    throw error
  }
}

/** SHIPMENT_DAYS: a lorry takes a day at least; what takes longer than two months is no move. */
export function refuseDays(days: number): void {
  const { least, most } = TRANSIT_DAYS
  if (!Number.isInteger(days) || days < least || days > most) throw new DomainError('SHIPMENT_DAYS', `A shipment takes ${least} to ${most} days.`, { least, most })
}
