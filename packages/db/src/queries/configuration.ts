import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'
import { anyOffers, hypervisorOf } from './hypervisor-facts.ts'
import { rateScheduleOf, siteRateAt } from './site-rate.ts'

/** As an installation of many sites shows them on one page. */
const MOST_ROWS = 1_000

/** The sites of a scope with their agents, VMs and unused tokens. A tenant also sees the target sites it may go to. */
export async function listSites(tx: ScopedTx, now: Date) {
  const rows = await tx.db.site.findMany({
    orderBy: [{ kind: 'asc' }, { name: 'asc' }], take: MOST_ROWS,
    include: { agents: { orderBy: { name: 'asc' } }, _count: { select: { vms: { where: { goneAt: null } }, enrolmentTokens: { where: { usedAt: null, expiresAt: { gt: now } } } } } },
  })
  const tenants = await tx.db.tenant.findMany({ select: { id: true, name: true } })
  const tenantNames = new Map(tenants.map((tenant) => [tenant.id, tenant.name]))
  return rows.map((site) => ({
    id: site.id, name: site.name, kind: site.kind, tenantId: site.tenantId,
    tenantName: site.tenantId === null ? null : (tenantNames.get(site.tenantId) ?? null),
    limitBytesPerSecond: site.linkRateBytesPerSecond === null ? null : Number(site.linkRateBytesPerSecond),
    /** By day and time; null where the limit holds always. */
    schedule: rateScheduleOf(site),
    /** The part of the time in which probes may fill its line while VMs are observed. */
    probeShare: site.probeShare,
    /** What the site may send at `now`, and until when. */
    rate: siteRateAt(site, now),
    vms: site._count.vms, openTokens: site._count.enrolmentTokens,
    agents: site.agents.map((agent) => ({
      id: agent.id, name: agent.name, host: agent.host, version: agent.version, protocol: agent.protocol, role: agent.role,
      enrolledAt: agent.enrolledAt, lastContactAt: agent.lastContactAt,
      fingerprint: agent.certificateFingerprint, certificateExpiresAt: agent.certificateExpiresAt, revokedReason: agent.revokedReason, revokedAt: agent.revokedAt, quarantinedAt: agent.quarantinedAt,
      hypervisor: hypervisorOf(agent.hypervisor),
      freeBytes: agent.freeBytes === null ? null : Number(agent.freeBytes),
      totalBytes: agent.totalBytes === null ? null : Number(agent.totalBytes),
    })),
  }))
}
export type SiteRow = Awaited<ReturnType<typeof listSites>>[number]

const networkMap = z.array(z.object({ source: z.string(), target: z.string() }))

/** Where VMs may go, with what each source network becomes there. */
export async function listDestinations(tx: ScopedTx) {
  const rows = await tx.db.destination.findMany({ orderBy: { name: 'asc' }, take: MOST_ROWS, include: { targetSite: { select: { name: true, agents: { where: { revokedAt: null }, select: { hypervisor: true } } } } } })
  const tenants = await tx.db.tenant.findMany({ select: { id: true, name: true } })
  const tenantNames = new Map(tenants.map((tenant) => [tenant.id, tenant.name]))
  return rows.map((row) => ({
    id: row.id, name: row.name, tenantName: tenantNames.get(row.tenantId) ?? '', targetSiteId: row.targetSiteId, targetSiteName: row.targetSite.name,
    networkMap: networkMap.parse(row.networkMap), defaultNetwork: row.defaultNetwork, networks: row.networks, storages: row.storages,
    /** Whether what a moved VM writes there can flow back to its source. */
    wayBack: anyOffers(row.targetSite.agents, 'WAY_BACK'),
  }))
}
