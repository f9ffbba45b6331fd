import { listSites as list } from '@driftless/db'
import { agentTrust, isInContact, may } from '@driftless/domain'
import { memberProcedure } from '@/server/trpc.ts'
import { hypervisorFor } from './hypervisor-for.ts'

/** Sites with their agents; `online`, `trust` and `mine` (may be managed by this person) are decided here, by the server's clock and rules. */
export const listSites = memberProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => {
    const now = new Date()
    const { person } = ctx
    const manages = may(person.role, person.tenantId === null ? 'manage-provider-sites' : 'manage-sites')
    const sites = await list(tx, now)
    return sites.map((site) => ({
      ...site,
      mine: manages && site.tenantId === person.tenantId,
      agents: site.agents.map(({ revokedReason, ...agent }) => {
        const trust = agentTrust(agent, now)
        return {
          ...agent,
          trust,
          // Who was just cut off has been heard of a moment ago, and will not be any more.
          online: trust !== 'REVOKED' && trust !== 'QUARANTINED' && isInContact(agent.lastContactAt, now),
          /** Why it was revoked, for those whose agent it is. */
          revokedReason: site.tenantId === person.tenantId ? revokedReason : null,
          hypervisor: hypervisorFor(person, site, agent.hypervisor),
        }
      }),
    }))
  }))
