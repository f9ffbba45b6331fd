import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'
import { moveMigration } from './move-migration.ts'
import { refuseBlocked } from './refuse-blocked.ts'

/**
 * Starts a planned wave: chooses the agents and lets every migration become READY_TO_REPLICATE.
 * `estimate` is the forecast the customer saw. NO_SOURCE_AGENT, NO_TARGET_AGENT, VM_BLOCKED (since it
 * was planned) or WAVE_UNKNOWN when it can't be; starting twice changes nothing and answers false.
 */
export async function startWave(tx: ScopedTx, waveId: string, estimate: Prisma.InputJsonObject | null): Promise<boolean> {
  const wave = await tx.db.wave.findUnique({
    where: { id: waveId },
    include: { migrations: { include: { vm: true } }, destination: { include: { targetSite: { include: { agents: newestContactFirst } } } }, site: { include: { agents: newestContactFirst } } },
  })
  if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
  const source = wave.site.agents[0]
  const target = wave.destination.targetSite.agents[0]
  if (!source) throw new DomainError('NO_SOURCE_AGENT', `No agent is enrolled at ${wave.site.name}.`, { site: wave.site.name })
  if (!target) throw new DomainError('NO_TARGET_AGENT', `No agent is enrolled at ${wave.destination.targetSite.name}.`, { site: wave.destination.targetSite.name })
  if (wave.startedAt === null) for (const { vm } of wave.migrations.filter(({ status }) => status === 'ASSESSED')) refuseBlocked(vm)
  const claimed = await tx.db.wave.updateMany({ where: { id: waveId, startedAt: null }, data: { startedAt: new Date(), ...(estimate ? { estimate } : {}) } })
  if (claimed.count !== 1) return false
  await audit(tx, 'wave.start', { ...wave, kind: 'wave' }, { before: 'ASSESSED', after: 'READY_TO_REPLICATE' })
  for (const migration of wave.migrations) {
    if (migration.status !== 'ASSESSED') continue
    await moveMigration(tx, migration, 'READY_TO_REPLICATE', { sourceAgentId: source.id, targetAgentId: target.id, startedAt: new Date() })
  }
  return true
}

/** An agent that is trusted no more is given nothing to do. */
const newestContactFirst = { where: { revokedAt: null, quarantinedAt: null }, orderBy: { lastContactAt: { sort: 'desc', nulls: 'last' } }, take: 1 } as const
