import { z } from 'zod'
import { Prisma } from '../generated/client.ts'
import type { ScopedTx } from '../scope.ts'

/** Whose entries are asked for: all that the scope sees is the same, and found without an index. */
export type AuditOwner = { readonly tenantId?: string | undefined; readonly providerId?: string | undefined }

/** What to look for; left out: everything. */
export type AuditFilter = AuditOwner & {
  readonly text?: string | undefined
  readonly actor?: string | undefined
  readonly actorKind?: 'USER' | 'AGENT' | 'COORDINATOR' | 'SYSTEM' | undefined
  /** Its beginning: `10.1.` finds a whole network. */
  readonly address?: string | undefined
  /** One customer's log, or a provider's own: `tenant/id`, `provider/id`. */
  readonly chain?: string | undefined
  /** Only what somebody was refused. */
  readonly refusals?: boolean | undefined
  readonly action?: string | undefined
  readonly subjectKind?: string | undefined
  readonly subjectId?: string | undefined
  readonly from?: Date | undefined
  readonly to?: Date | undefined
}

const row = z.object({
  id: z.bigint(), at: z.date(), actor_kind: z.enum(['USER', 'COORDINATOR', 'AGENT', 'SYSTEM']), actor_name: z.string(), tenant_id: z.string().nullable(),
  tenant_name: z.string().nullable(), action: z.string(), subject_kind: z.string(), subject_id: z.string(), subject_name: z.string(),
  before: z.string().nullable(), after: z.string().nullable(), reason: z.string().nullable(), address: z.string().nullable(),
  chain: z.string(), sequence: z.bigint(), hash: z.string(), detail: z.record(z.string(), z.unknown()).nullable(),
})

/**
 * One page of the log, newest first, entries older than `beforeId` (a keyset: new entries never shift a page). Asks for one
 * more than `limit` to know whether older ones are left.
 */
export async function readAuditLog(tx: ScopedTx, filter: AuditFilter, limit: number, beforeId: bigint | null) {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT a.id, a.at, a.actor_kind::text, a.actor_name, a.tenant_id, t.name AS tenant_name, a.action, a.subject_kind, a.subject_id, a.subject_name, a.before, a.after, a.reason, a.address, a.chain, a.sequence, a.hash, a.detail
    FROM audit_entry a LEFT JOIN tenant t ON t.id = a.tenant_id
    WHERE ${Prisma.join(conditions(filter, beforeId), ' AND ')}
    ORDER BY a.id DESC LIMIT ${limit + 1}`
  const found = z.array(row).parse(rows).map((one) => ({
    id: String(one.id), at: one.at, actorKind: one.actor_kind, actorName: one.actor_name, tenantName: one.tenant_name,
    action: one.action, subjectKind: one.subject_kind, subjectId: one.subject_id, subjectName: one.subject_name,
    before: one.before, after: one.after, reason: one.reason, address: one.address, chain: one.chain, sequence: Number(one.sequence), hash: one.hash, detail: one.detail,
  }))
  const entries = found.slice(0, limit)
  return { entries, olderThan: found.length > limit ? (entries.at(-1)?.id ?? null) : null }
}
export type AuditRow = Awaited<ReturnType<typeof readAuditLog>>['entries'][number]

const names = z.array(z.object({ actors: z.array(z.string()), actions: z.array(z.string()) })).length(1)

/** The names that the filters offer: who acted, and what was done, in the newest entries of `whose`. */
export async function readAuditChoices(tx: ScopedTx, whose: AuditOwner) {
  const rows: unknown = await tx.db.$queryRaw`
    WITH newest AS MATERIALIZED (SELECT a.actor_name, a.action FROM audit_entry a WHERE ${Prisma.join(conditions(whose, null), ' AND ')} ORDER BY a.id DESC LIMIT ${CHOICES_FROM})
    SELECT ARRAY(SELECT DISTINCT actor_name FROM newest ORDER BY 1 LIMIT ${MOST_CHOICES}) AS actors, ARRAY(SELECT DISTINCT action FROM newest ORDER BY 1 LIMIT ${MOST_CHOICES}) AS actions`
  const [found = { actors: [], actions: [] }] = names.parse(rows)
  return found
}
/** A list to choose from; beyond it people type into the search. */
const MOST_CHOICES = 200
/** Entries that are looked at for it: the log has no end. */
const CHOICES_FROM = 20_000

function conditions(filter: AuditFilter, beforeId: bigint | null): Prisma.Sql[] {
  const wanted: Prisma.Sql[] = [Prisma.sql`a.sequence IS NOT NULL`]
  if (beforeId !== null) wanted.push(Prisma.sql`a.id < ${beforeId}`)
  if (filter.tenantId) wanted.push(Prisma.sql`a.tenant_id = ${filter.tenantId}`)
  if (filter.providerId) wanted.push(Prisma.sql`a.provider_id = ${filter.providerId}`)
  if (filter.actor) wanted.push(Prisma.sql`a.actor_name = ${filter.actor}`)
  if (filter.actorKind) wanted.push(Prisma.sql`a.actor_kind = ${filter.actorKind}::"ActorKind"`)
  if (filter.address) wanted.push(Prisma.sql`a.address LIKE ${`${escaped(filter.address)}%`}`)
  if (filter.chain) wanted.push(Prisma.sql`a.chain = ${filter.chain}`)
  if (filter.refusals) wanted.push(Prisma.sql`(a.action LIKE '%.refuse' OR a.action LIKE '%.refused' OR a.action LIKE '%.refused-more')`)
  if (filter.action) wanted.push(Prisma.sql`a.action = ${filter.action}`)
  if (filter.subjectKind) wanted.push(Prisma.sql`a.subject_kind = ${filter.subjectKind}`)
  if (filter.subjectId) wanted.push(Prisma.sql`a.subject_id = ${filter.subjectId}`)
  if (filter.from) wanted.push(Prisma.sql`a.at >= ${filter.from}`)
  if (filter.to) wanted.push(Prisma.sql`a.at < ${filter.to}`)
  if (filter.text) {
    const pattern = `%${escaped(filter.text)}%`
    wanted.push(Prisma.sql`(a.subject_name ILIKE ${pattern} OR a.actor_name ILIKE ${pattern} OR a.action ILIKE ${pattern} OR a.after ILIKE ${pattern} OR a.reason ILIKE ${pattern} OR a.detail::text ILIKE ${pattern})`)
  }
  return wanted
}

/** For LIKE: taken literally. */
function escaped(text: string): string {
  return text.replaceAll(/[\\%_]/g, (special) => `\\${special}`)
}
