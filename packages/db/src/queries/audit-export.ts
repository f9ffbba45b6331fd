import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

const number = z.bigint().transform(Number)
const row = z.object({
  chain: z.string(), sequence: number, id: number, provider_id: z.string(), tenant_id: z.string().nullable(), at: z.string(), actor_kind: z.string(), actor_id: z.string().nullable(), actor_name: z.string(),
  address: z.string().nullable(), action: z.string(), subject_kind: z.string(), subject_id: z.string(), subject_name: z.string(), before: z.string().nullable(), after: z.string().nullable(),
  reason: z.string().nullable(), detail: z.string().nullable(), previous_hash: z.string(), hash: z.string(),
})

/**
 * The entries of `chain` after number `after` and up to `upTo`, in order, at most `limit`: every column as it was hashed.
 * None for a chain that the scope does not see.
 */
export async function readChainPage(tx: ScopedTx, chain: string, after: number, upTo: number, limit: number) {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT chain, sequence, id, provider_id, tenant_id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, actor_kind::text, actor_id, actor_name,
      address, action, subject_kind, subject_id, subject_name, before, after, reason, detail::text, previous_hash, hash
    FROM audit_entry WHERE chain = ${chain} AND sequence > ${after} AND sequence <= ${upTo} ORDER BY sequence LIMIT ${limit}`
  return z.array(row).parse(rows).map((one) => ({
    chain: one.chain, sequence: one.sequence, id: one.id, providerId: one.provider_id, tenantId: one.tenant_id, at: one.at, actorKind: one.actor_kind, actorId: one.actor_id, actorName: one.actor_name,
    address: one.address, action: one.action, subjectKind: one.subject_kind, subjectId: one.subject_id, subjectName: one.subject_name, before: one.before, after: one.after,
    reason: one.reason, detail: one.detail, previousHash: one.previous_hash, hash: one.hash,
  }))
}
