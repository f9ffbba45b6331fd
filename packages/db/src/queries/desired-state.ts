import { RETURN_UNDER_WAY } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { readProbeEnds, readProbeShare } from './probe-ends.ts'
import { siteRateAt } from './site-rate.ts'
import { readLatestOrders } from './signed-orders.ts'

/** Agents hear of an ended migration for this long, whatever they have confirmed: a restarted one may need to hear it again. */
const ENDED_KEPT_MS = 3_600_000
/** More than an agent could hold; the protocol's own bound. */
const MOST_MIGRATIONS = 5_000

/**
 * The rows from which one agent's desired state is derived, in a stable order. Migrations that have ended stay in it
 * until the agent says that it has acted on that, and for an hour.
 */
export async function readDesiredFacts(tx: ScopedTx, agent: { readonly id: string; readonly role: 'SOURCE' | 'TARGET'; readonly siteId: string }, now: Date) {
  const mine = agent.role === 'SOURCE' ? { sourceAgentId: agent.id } : { targetAgentId: agent.id }
  const confirmed = agent.role === 'SOURCE' ? 'sourceObserved' : 'targetObserved'
  const migrations = await tx.db.migration.findMany({
    where: {
      ...mine,
      OR: [
        { status: { notIn: ['DRAFT', 'ASSESSED', 'READY_TO_REPLICATE', 'COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED'] } },
        { status: 'COMPLETED', wayBackSince: { not: null } },
        { status: 'COMPLETED', returns: { some: { status: { in: [...RETURN_UNDER_WAY] } } } },
        { status: { in: ['COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED'] }, endedAt: { gt: new Date(now.getTime() - ENDED_KEPT_MS) } },
        {
          status: { in: ['COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED'] },
          NOT: { OR: ['RELEASE', 'STOP', 'ACCEPT', 'DISCARD'].map((stage) => ({ [confirmed]: { path: ['stage'], equals: stage } })) },
        },
      ],
    },
    include: { vm: true, wave: true, replications: { orderBy: { diskKey: 'asc' } }, attempts: { orderBy: { number: 'desc' }, take: 1 }, testBoots: { where: { status: { notIn: ['ENDING', 'ENDED'] } }, take: 1 }, returns: { where: { status: { in: [...RETURN_UNDER_WAY] } }, take: 1 }, shipmentVms: { where: { shipment: { status: { not: 'CANCELLED' } } }, include: { shipment: true }, take: 1 } },
    orderBy: { id: 'asc' },
    take: MOST_MIGRATIONS,
  })
  // Only these are told anything that a person must have signed. The attempt's own status decides: it is read after its
  // migration's, and may be ahead of it.
  const ordered = migrations.filter(({ status, attempts: [attempt], returns }) => status === 'CANCELLED' || status === 'ROLLED_BACK' || status === 'VALIDATING' || returns.length > 0 || (attempt !== undefined && attempt.status !== 'COMMITTED' && attempt.sourceReturnedAt === null))
  const ends = migrations.flatMap(({ sourceAgentId, targetAgentId }) => [sourceAgentId, targetAgentId].filter((id) => id !== null))
  const agents = await tx.db.agent.findMany({
    where: { id: { in: [...new Set([agent.id, ...ends])] } },
    select: { id: true, streamHost: true, streamPort: true, protocol: true, revokedAt: true, quarantinedAt: true, seedKeys: true },
  })
  const site = await tx.db.site.findUnique({ where: { id: agent.siteId }, select: { linkRateBytesPerSecond: true, rateSchedule: true, timeZone: true } })
  const observed = agent.role === 'SOURCE'
    ? await tx.db.estimateVm.findMany({ where: { estimate: { siteId: agent.siteId, status: 'OBSERVING', endsAt: { gt: now } } }, select: { vm: { select: { ref: true } } }, take: MOST_MIGRATIONS })
    : []
  const probeEnds = await readProbeEnds(tx, agent, now)
  return {
    agentId: agent.id,
    migrations,
    orders: await readLatestOrders(tx, ordered.map(({ id }) => id)),
    /** Both ends of every migration. */
    streams: new Map(agents.map((end) => [end.id, end])),
    /** Of this agent and its partners those that are trusted no more. */
    distrusted: new Set(agents.filter(({ revokedAt, quarantinedAt }) => revokedAt !== null || quarantinedAt !== null).map(({ id }) => id)),
    /** What the site may send at `now`, and when that changes by its timetable. */
    siteRate: site ? siteRateAt(site, now) : { bytesPerSecond: null, changesAtMs: null },
    probeEnds,
    /** What a source agent's probes may take; null where it has none. */
    probeShare: agent.role === 'SOURCE' && probeEnds.length > 0 ? await readProbeShare(tx, agent) : null,
    observeVmRefs: [...new Set(observed.map(({ vm }) => vm.ref))].toSorted(),
  }
}
export type DesiredFacts = Awaited<ReturnType<typeof readDesiredFacts>>
