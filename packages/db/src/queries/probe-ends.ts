import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** An agent at the other end of a line that is to be probed; `stream`: where a target is reached, null for a source. */
export type ProbeEnd = { readonly agentId: string; readonly stream: { readonly host: string; readonly port: number } | null }

/** As many as the protocol carries. */
const MOST_ENDS = 500
/** From this one on agents know probes' keys; one that knows no probes leaves them out. */
const OLDEST_PROTOCOL = 2

const row = z.object({ id: z.string(), host: z.string().nullable(), port: z.number().int().nullable() })

/**
 * Whom an agent probes, or is probed by: while VMs of a customer's site are observed, its source agents and the target agents of the
 * customer's destinations, unless no probes were agreed on for that site. Agents that are trusted no more are left out.
 */
export async function readProbeEnds(tx: ScopedTx, agent: { readonly id: string; readonly role: 'SOURCE' | 'TARGET'; readonly siteId: string }, now: Date): Promise<ProbeEnd[]> {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT DISTINCT o.id, o.stream_host AS host, o.stream_port AS port
    FROM estimate e JOIN site s ON s.id = e.site_id
      JOIN destination d ON d.tenant_id = s.tenant_id
      JOIN agent o ON o.site_id = CASE WHEN ${agent.role} = 'SOURCE' THEN d.target_site_id ELSE s.id END
    WHERE e.status = 'OBSERVING' AND e.ends_at > ${now} AND s.probe_share > 0 AND ${agent.siteId} = CASE WHEN ${agent.role} = 'SOURCE' THEN s.id ELSE d.target_site_id END
      AND o.role::text <> ${agent.role} AND o.protocol >= ${OLDEST_PROTOCOL} AND o.revoked_at IS NULL AND o.quarantined_at IS NULL
      AND (${agent.role} = 'TARGET' OR (o.stream_host IS NOT NULL AND o.stream_port IS NOT NULL))
    ORDER BY o.id LIMIT ${MOST_ENDS}`
  return z.array(row).parse(rows).map(({ id, host, port }) => ({ agentId: id, stream: agent.role === 'SOURCE' && host !== null && port !== null ? { host, port } : null }))
}

/** The part of the time that this source agent's probes may take: what was agreed on for its site, shared out among the agents there that are trusted. */
export async function readProbeShare(tx: ScopedTx, { siteId }: { readonly siteId: string }): Promise<number> {
  const site = await tx.db.site.findUnique({ where: { id: siteId }, select: { probeShare: true, _count: { select: { agents: { where: { role: 'SOURCE', revokedAt: null, quarantinedAt: null } } } } } })
  return site === null ? 0 : site.probeShare / Math.max(1, site._count.agents)
}
