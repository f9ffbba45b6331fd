import type { Hypervisor } from '@driftless/db'
import type { Person } from '@/server/person.ts'

/** As people see it: of a hypervisor that is not theirs, not what and where it is. */
type Shown = Omit<Hypervisor, 'problem'> & { problem: { code: string; message: string | null } | null }

/**
 * What a person may know of a site's hypervisor. Of the provider's a customer learns what works there and that something is wrong
 * with it; the product, the clusters' filters and the particulars are the provider's own.
 */
export function hypervisorFor(person: Pick<Person, 'tenantId'>, site: { readonly tenantId: string | null }, hypervisor: Hypervisor | null): Shown | null {
  if (hypervisor === null || person.tenantId === null || site.tenantId === person.tenantId) return hypervisor
  const { problem } = hypervisor
  return { ...hypervisor, product: null, filters: [], problem: problem && { code: problem.code, message: null } }
}
