import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { keepForecast } from './keep-forecast.ts'
import type { KeptForecast } from './keep-forecast.ts'
import { moveMigration } from './move-migration.ts'
import { refuseBlocked } from './refuse-blocked.ts'
import { refuseWithoutSeeds } from './refuse-without-seeds.ts'

/**
 * Starts a planned wave: chooses the agents and lets every migration become READY_TO_REPLICATE.
 * `forecast`, which the customer saw, is kept to be compared with what comes. NO_SOURCE_AGENT, NO_TARGET_AGENT, VM_BLOCKED (since it was
 * planned), the codes of `refuseWithoutSeeds` where VMs of it travel by device, or WAVE_UNKNOWN when it can't be; starting twice changes nothing and answers false.
 */
export async function startWave(tx: ScopedTx, waveId: string, forecast: KeptForecast | null): Promise<boolean> {
  const wave = await tx.db.wave.findUnique({
    where: { id: waveId },
    include: { migrations: { include: { vm: true } }, destination: { include: { targetSite: { include: { agents: newestContactFirst } } } }, site: { include: { agents: newestContactFirst } }, shipments: { where: { status: 'PREPARING' } } },
  })
  if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
  const source = wave.site.agents[0]
  const target = wave.destination.targetSite.agents[0]
  if (!source) throw new DomainError('NO_SOURCE_AGENT', `No agent is enrolled at ${wave.site.name}.`, { site: wave.site.name })
  if (!target) throw new DomainError('NO_TARGET_AGENT', `No agent is enrolled at ${wave.destination.targetSite.name}.`, { site: wave.destination.targetSite.name })
  if (wave.startedAt === null) for (const { vm } of wave.migrations.filter(({ status }) => status === 'ASSESSED')) refuseBlocked(vm)
  for (const { sourcePlaces } of wave.startedAt === null ? wave.shipments : []) refuseWithoutSeeds(source, wave.site, target, wave.destination.targetSite, sourcePlaces)
  const claimed = await tx.db.wave.updateMany({ where: { id: waveId, startedAt: null }, data: { startedAt: new Date(), ...(forecast === null ? {} : { estimate: summaryOf(forecast) }) } })
  if (claimed.count !== 1) return false
  if (forecast !== null) await keepForecast(tx, wave, { waveId }, forecast)
  await audit(tx, 'wave.start', { ...wave, kind: 'wave' }, { before: 'ASSESSED', after: 'READY_TO_REPLICATE' })
  for (const migration of wave.migrations) {
    if (migration.status !== 'ASSESSED') continue
    await moveMigration(tx, migration, 'READY_TO_REPLICATE', { sourceAgentId: source.id, targetAgentId: target.id, startedAt: new Date() })
  }
  return true
}

/** An agent that is trusted no more is given nothing to do. */
const newestContactFirst = { where: { revokedAt: null, quarantinedAt: null }, orderBy: { lastContactAt: { sort: 'desc', nulls: 'last' } }, take: 1 } as const

/** What stands with the wave itself, and in its evidence. */
function summaryOf({ input, forecast: { enough, identicalSeconds, wireBytes, vms } }: KeptForecast): Prisma.InputJsonObject {
  const longest = (share: 'p50' | 'p90') => Math.max(0, ...vms.map(({ cutoverSeconds }) => cutoverSeconds[share]))
  return { usedBytes: input.vms.reduce((sum, vm) => sum + vm.usedBytes, 0), enough, replicationSeconds: { ...identicalSeconds }, cutoverSeconds: { p50: longest('p50'), p90: longest('p90') }, wireBytes: { ...wireBytes } }
}
