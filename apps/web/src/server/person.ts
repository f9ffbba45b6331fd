import 'server-only'
import { isProviderRole, USER_ROLES } from '@driftless/domain'
import type { UserRole } from '@driftless/domain'
import type { Scope } from '@driftless/db'
import { z } from 'zod'

/** Who is signed in, as the session carries it. */
export const person = z.object({
  userId: z.string(),
  name: z.string(),
  email: z.string(),
  role: z.enum(USER_ROLES),
  tenantId: z.string().nullable(),
  providerId: z.string(),
})
export type Person = z.infer<typeof person>

/** What this person's transactions may see: one tenant, or all of a provider. `address`: where the request came from, for the audit log. */
export function scopeOf(who: Person, address: string | null): Scope {
  const actor = { kind: 'USER', id: who.userId, name: who.name, address } as const
  return who.tenantId !== null ? { kind: 'tenant', tenantId: who.tenantId, actor } : { kind: 'provider', providerId: who.providerId, actor }
}

/** Where a person lands after signing in. */
export function homeOf(role: UserRole): '/overview' | '/migrate' {
  return isProviderRole(role) ? '/overview' : '/migrate'
}
