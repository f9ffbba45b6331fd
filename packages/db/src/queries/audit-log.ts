import { z } from 'zod'
import { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'

/** What to look for; left out: everything. */
export type AuditFilter = {
  readonly text?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly subjectKind?: string | undefined
  readonly subjectId?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

const row = z.object({
  id: z.bigint(), at: z.date(), actor_kind: z.enum(['USER', 'COORDINATOR', 'AGENT', 'SYSTEM']), actor_name: z.string(), tenant_id: z.string().nullable(),
  tenant_name: z.string().nullable(), action: z.string(), subject_kind: z.string(), subject_id: z.string(), subject_name: z.string(),
  before: z.string().nullable(), after: z.string().nullable(), detail: z.record(z.string(), z.unknown()).nullable(),
})

/**
 * One page of the log, newest first, entries older than `beforeId` (a keyset: new entries never shift a page). Asks for one
 * more than `limit` to know whether older ones are left.
 */
export async function readAuditLog(tx: ScopedTx, filter: AuditFilter, limit: number, beforeId: bigint | null) {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT a.id, a.at, a.actor_kind::text, a.actor_name, a.tenant_id, t.name AS tenant_name, a.action, a.subject_kind, a.subject_id, a.subject_name, a.before, a.after, a.detail
    FROM audit_entry a LEFT JOIN tenant t ON t.id = a.tenant_id
    WHERE ${Prisma.join(conditions(filter, beforeId), ' AND ')}
    ORDER BY a.id DESC LIMIT ${limit + 1}`
  const found = z.array(row).parse(rows).map((one) => ({
    id: String(one.id), at: one.at, actorKind: one.actor_kind, actorName: one.actor_name, tenantName: one.tenant_name,
    action: one.action, subjectKind: one.subject_kind, subjectId: one.subject_id, subjectName: one.subject_name,
    before: one.before, after: one.after, detail: one.detail,
  }))
  const entries = found.slice(0, limit)
  return { entries, olderThan: found.length > limit ? (entries.at(-1)?.id ?? null) : null }
}
export type AuditRow = Awaited<ReturnType<typeof readAuditLog>>['entries'][number]

/** The names that the filters offer: who acted, and what was done, as far as the scope sees. */
export async function readAuditChoices(tx: ScopedTx) {
  const actors = await tx.db.auditEntry.findMany({ distinct: ['actorName'], select: { actorName: true }, orderBy: { actorName: 'asc' }, take: MOST_CHOICES })
  const actions = await tx.db.auditEntry.findMany({ distinct: ['action'], select: { action: true }, orderBy: { action: 'asc' }, take: MOST_CHOICES })
  return { actors: actors.map(({ actorName }) => actorName), actions: actions.map(({ action }) => action) }
}
/** A list to choose from; beyond it people type into the search. */
const MOST_CHOICES = 200

function conditions(filter: AuditFilter, beforeId: bigint | null): Prisma.Sql[] {
  const wanted: Prisma.Sql[] = [Prisma.sql`true`]
  if (beforeId !== null) wanted.push(Prisma.sql`a.id < ${beforeId}`)
  if (filter.actor) wanted.push(Prisma.sql`a.actor_name = ${filter.actor}`)
  if (filter.action) wanted.push(Prisma.sql`a.action = ${filter.action}`)
  if (filter.subjectKind) wanted.push(Prisma.sql`a.subject_kind = ${filter.subjectKind}`)
  if (filter.subjectId) wanted.push(Prisma.sql`a.subject_id = ${filter.subjectId}`)
  if (filter.from) wanted.push(Prisma.sql`a.at >= ${filter.from}`)
  if (filter.to) wanted.push(Prisma.sql`a.at < ${filter.to}`)
  if (filter.text) {
    const pattern = `%${filter.text.replaceAll(/[\\%_]/g, (special) => `\\${special}`)}%`
    wanted.push(Prisma.sql`(a.subject_name ILIKE ${pattern} OR a.actor_name ILIKE ${pattern} OR a.action ILIKE ${pattern} OR a.after ILIKE ${pattern} OR a.detail::text ILIKE ${pattern})`)
  }
  return wanted
}
