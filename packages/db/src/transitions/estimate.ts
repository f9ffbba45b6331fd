import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { keepForecast } from './keep-forecast.ts'
import type { KeptForecast } from './keep-forecast.ts'

export type ObservationRequest = { readonly siteId: string; readonly name: string; readonly vmIds: readonly string[]; readonly durationSeconds: number; readonly shippingDays: number }

/** Shorter than this gives too few intervals for a range; longer than two weeks is monitoring, not an estimate. */
export const SHORTEST_OBSERVATION_SECONDS = 10
export const LONGEST_OBSERVATION_SECONDS = 14 * 86_400

/** Starts the observation of VMs of one site. VM_UNKNOWN, SITE_UNKNOWN or OBSERVATION_LENGTH when it can't be. Resolves to the estimate's id. */
export async function startEstimate(tx: ScopedTx, request: ObservationRequest, now: Date): Promise<string> {
  if (request.durationSeconds < SHORTEST_OBSERVATION_SECONDS || request.durationSeconds > LONGEST_OBSERVATION_SECONDS)
    throw new DomainError('OBSERVATION_LENGTH', 'An observation lasts from 10 seconds to 14 days.', { seconds: SHORTEST_OBSERVATION_SECONDS, days: 14 })
  const site = await tx.db.site.findUnique({ where: { id: request.siteId } })
  if (!site?.tenantId) throw new DomainError('SITE_UNKNOWN', 'There is no such source site.')
  const known = await tx.db.vm.count({ where: { id: { in: [...request.vmIds] }, siteId: site.id } })
  if (known === 0 || known !== request.vmIds.length) throw new DomainError('VM_UNKNOWN', 'There is no such VM at this site.')
  const owner = { providerId: site.providerId, tenantId: site.tenantId }
  const estimate = await tx.db.estimate.create({
    data: {
      ...owner, siteId: site.id, name: request.name, startedAt: now, endsAt: new Date(now.getTime() + request.durationSeconds * 1000),
      shippingDays: request.shippingDays, createdById: tx.actor.id ?? 'system', vms: { create: request.vmIds.map((vmId) => ({ ...owner, vmId })) },
    },
  })
  await audit(tx, 'estimate.start', { ...owner, kind: 'estimate', id: estimate.id, name: estimate.name }, { after: 'OBSERVING', detail: { seconds: request.durationSeconds, vms: request.vmIds.length } })
  return estimate.id
}

/**
 * Ends an observation at `now`, because its time is up (DONE) or somebody has seen enough (CANCELLED), and keeps what was estimated from what had been seen;
 * `forecast` null: nothing can be said, such as when a VM has gone. Answers whether it was still running. ESTIMATE_UNKNOWN.
 */
export async function endEstimate(tx: ScopedTx, estimateId: string, to: 'DONE' | 'CANCELLED', now: Date, forecast: KeptForecast | null): Promise<boolean> {
  const estimate = await tx.db.estimate.findUnique({ where: { id: estimateId } })
  if (!estimate) throw new DomainError('ESTIMATE_UNKNOWN', 'There is no such estimate.')
  const written = await tx.db.estimate.updateMany({ where: { id: estimateId, status: 'OBSERVING' }, data: { status: to, ...(to === 'CANCELLED' ? { endsAt: now } : {}) } })
  if (written.count !== 1) return false
  const stoppedAfterSeconds = to === 'CANCELLED' ? Math.max(0, now.getTime() - estimate.startedAt.getTime()) / 1000 : null
  if (forecast !== null) await keepForecast(tx, estimate, { estimateId, stoppedAfterSeconds }, forecast)
  await audit(tx, 'estimate.end', { ...estimate, kind: 'estimate' }, { before: 'OBSERVING', after: to })
  return true
}
