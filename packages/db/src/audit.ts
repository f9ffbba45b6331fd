import type { Prisma } from './generated/client.ts'
import type { ScopedTx } from './scope.ts'

/** What an audit entry is about. */
export type AuditSubject = {
  readonly providerId: string
  readonly tenantId: string | null
  readonly kind: 'migration' | 'wave' | 'booking' | 'cutover-attempt' | 'estimate' | 'site' | 'agent' | 'enrolment-token' | 'destination' | 'user' | 'provider' | 'tenant' | 'sign-on' | 'procedure' | 'audit-log' | 'webhook' | 'shipment'
  readonly id: string
  readonly name: string
}

/**
 * Writes one entry in the caller's transaction, so that neither the act nor its record exists alone. PostgreSQL gives it its
 * time and, at commit, its place in its chain.
 */
export async function audit(
  tx: ScopedTx,
  action: string,
  subject: AuditSubject,
  change: { before?: string; after?: string; /** Why: the actor's own words, or the rule's that refused. */ reason?: string | null; detail?: Prisma.InputJsonObject } = {},
): Promise<void> {
  await tx.db.auditEntry.createMany({
    data: {
      providerId: subject.providerId,
      tenantId: subject.tenantId,
      actorKind: tx.actor.kind,
      actorId: tx.actor.id,
      actorName: tx.actor.name,
      address: tx.actor.address ?? null,
      action,
      subjectKind: subject.kind,
      subjectId: subject.id,
      subjectName: subject.name,
      before: change.before ?? null,
      after: change.after ?? null,
      reason: change.reason ?? null,
      ...(change.detail ? { detail: change.detail } : {}),
    },
  })
}
