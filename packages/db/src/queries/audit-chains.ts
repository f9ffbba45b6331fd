import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

/** Whose chain of the audit log it is: a tenant's, or what is the provider's own. */
export type ChainOwner = { readonly chain: string; readonly providerId: string; readonly tenantId: string | null; readonly name: string }

const sequence = z.bigint().transform(Number)
const problem = z.enum(['DATABASE_BEHIND', 'DATABASE_DIFFERS', 'UNREACHABLE'])

const view = z.object({
  chain: z.string(), name: z.string(), tenant_id: z.string().nullable(), entries: sequence, written_at: z.date(),
  sequence: sequence.nullable(), hash: z.string().nullable(), at: z.date().nullable(), public_key: z.string().nullable(), signature: z.string().nullable(),
  problem: problem.nullable(), problem_detail: z.string().nullable(), problem_since: z.date().nullable(),
})

/**
 * The chains that the scope sees, a provider's own first, then by name: how many entries each has, up to which it was
 * published outside of the database, and what is wrong with that.
 */
export async function listAuditChains(tx: ScopedTx) {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT h.chain, coalesce(t.name, p.name, h.chain) AS name, h.tenant_id, h.sequence AS entries, h.at AS written_at,
      a.sequence, a.hash, a.at, a.public_key, a.signature, a.problem, a.problem_detail, a.problem_since
    FROM audit_head h LEFT JOIN tenant t ON t.id = h.tenant_id LEFT JOIN provider p ON p.id = h.provider_id LEFT JOIN audit_anchor a ON a.chain = h.chain
    ORDER BY h.tenant_id IS NOT NULL, 2, 1`
  return z.array(view).parse(rows).map((row) => ({
    chain: row.chain, name: row.name, own: row.tenant_id === null, entries: row.entries, writtenAt: row.written_at,
    anchor: row.sequence !== null && row.hash !== null && row.at !== null && row.public_key !== null && row.signature !== null ? { sequence: row.sequence, hash: row.hash, at: row.at, key: row.public_key, signature: row.signature } : null,
    problem: row.problem === null ? null : { kind: row.problem, detail: row.problem_detail, since: row.problem_since },
  }))
}
export type AuditChain = Awaited<ReturnType<typeof listAuditChains>>[number]

const headRow = z.object({
  chain: z.string(), provider_id: z.string().nullable(), tenant_id: z.string().nullable(), name: z.string(),
  sequence: sequence.nullable(), hash: z.string().nullable(), present_hash: z.string().nullable(), noted: sequence.nullable(), problem: problem.nullable(),
})

/**
 * Every chain of this database, and of `published`: its head, and the hash that its entry with the published number has
 * now; or `only` one chain. `noted`: what the database remembers to have published. For the coordinator.
 */
export async function listAuditHeads(tx: ScopedTx, published: readonly { readonly chain: string; readonly sequence: number }[], only: string | null = null) {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT coalesce(h.chain, p.chain) AS chain, coalesce(h.provider_id, t.provider_id, o.id) AS provider_id, coalesce(h.tenant_id, t.id) AS tenant_id,
      coalesce(t.name, o.name, h.chain, p.chain) AS name, h.sequence, h.hash, e.hash AS present_hash, a.sequence AS noted, a.problem
    FROM audit_head h FULL JOIN unnest(${published.map((one) => one.chain)}::text[], ${published.map((one) => one.sequence)}::bigint[]) AS p (chain, sequence) ON p.chain = h.chain
      LEFT JOIN audit_entry e ON e.chain = p.chain AND e.sequence = p.sequence
      LEFT JOIN audit_anchor a ON a.chain = coalesce(h.chain, p.chain)
      LEFT JOIN tenant t ON 'tenant/' || t.id = coalesce(h.chain, p.chain)
      LEFT JOIN provider o ON 'provider/' || o.id = coalesce(h.chain, p.chain)
    WHERE ${only}::text IS NULL OR coalesce(h.chain, p.chain) = ${only}
    ORDER BY 1`
  return z.array(headRow).parse(rows).map((row) => ({
    chain: row.chain, name: row.name, tenantId: row.tenant_id, /** Null: neither chain nor owner is in this database. */ providerId: row.provider_id,
    head: row.sequence !== null && row.sequence > 0 && row.hash !== null ? { sequence: row.sequence, hash: row.hash } : null,
    presentHash: row.present_hash, noted: row.noted ?? 0, problem: row.problem,
  }))
}
export type AuditHeadView = Awaited<ReturnType<typeof listAuditHeads>>[number]
