import type { Prisma } from './generated/client.ts'
import type { Db } from './client.ts'

/** Who acts, and from which network address where that is known; stands in every audit entry. */
export type Actor = (
  | { readonly kind: 'USER'; readonly id: string; readonly name: string }
  | { readonly kind: 'COORDINATOR' | 'SYSTEM'; readonly id: null; readonly name: string }
  | { readonly kind: 'AGENT'; readonly id: string; readonly name: string }
) & { readonly address?: string | null }

/** Whose rows a transaction may see and write. `system` is for the coordinator's own role only. */
export type Scope =
  | { readonly kind: 'tenant'; readonly tenantId: string; readonly actor: Actor }
  | { readonly kind: 'provider'; readonly providerId: string; readonly actor: Actor }
  | { readonly kind: 'system'; readonly actor: Actor }

/** A transaction inside a scope. Everything that reads tenants' rows or writes any takes one. */
export type ScopedTx = { readonly db: Prisma.TransactionClient; readonly actor: Actor }

export const COORDINATOR: Actor = { kind: 'COORDINATOR', id: null, name: 'Driftless' }

/**
 * Runs `work` in one transaction whose row-level security is set to `scope`, and to the person who acts: rows that are
 * somebody's own (sessions, factors) are bound to both. The settings end with the transaction, so a pooled connection never
 * carries one tenant's scope to the next.
 */
export function inScope<T>(db: Db, scope: Scope, work: (tx: ScopedTx) => Promise<T>): Promise<T> {
  return db.$transaction(async (transaction) => {
    if (scope.kind === 'tenant') await transaction.$executeRaw`SELECT set_config('app.tenant_id', ${scope.tenantId}, true)`
    if (scope.kind === 'provider') await transaction.$executeRaw`SELECT set_config('app.provider_id', ${scope.providerId}, true)`
    if (scope.actor.kind === 'USER') await transaction.$executeRaw`SELECT set_config('app.user_id', ${scope.actor.id}, true)`
    return work({ db: transaction, actor: scope.actor })
  })
}
