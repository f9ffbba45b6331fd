import 'server-only'
import type { ScopedTx } from '@driftless/db'
import { DomainError, may } from '@driftless/domain'
import type { Person } from '@/server/person.ts'

/**
 * The site, when it is the person's to manage: a customer's operator manages the customer's sites, the provider's staff
 * the provider's own. A customer also sees target sites, but does not manage them: SITE_UNKNOWN, FORBIDDEN.
 */
export async function ownSite(tx: ScopedTx, siteId: string, person: Person): Promise<{ id: string; name: string }> {
  const site = await tx.db.site.findUnique({ where: { id: siteId }, select: { id: true, name: true, tenantId: true } })
  if (!site) throw new DomainError('SITE_UNKNOWN', 'There is no such site.')
  const permission = person.tenantId === null ? 'manage-provider-sites' : 'manage-sites'
  if (site.tenantId !== person.tenantId || !may(person.role, permission)) throw new DomainError('FORBIDDEN', `The role ${person.role} may not manage ${site.name}.`)
  return site
}
