import 'server-only'
import { inScope } from '@driftless/db'
import { db } from '@/server/db.ts'
import { scopeOf } from '@/server/person.ts'
import type { Person } from '@/server/person.ts'

/** The customer a person works for; null for the provider's staff. */
export async function tenantName(person: Person): Promise<string | null> {
  const { tenantId } = person
  if (tenantId === null) return null
  const tenant = await inScope(db(), scopeOf(person, null), (tx) => tx.db.tenant.findUnique({ where: { id: tenantId }, select: { name: true } }))
  return tenant?.name ?? null
}
