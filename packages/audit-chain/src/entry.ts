import { createHash } from 'node:crypto'
import { z } from 'zod'
import { fields } from './fields.ts'

/** SHA-256, hex. */
export const hash = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().min(1)

/** One entry as an export carries it: every column of the log. `detail` is JSON as text, as it was hashed. */
export const chainedEntry = z.object({
  chain: z.string(),
  sequence: count,
  id: count,
  providerId: z.string(),
  tenantId: z.string().nullable(),
  at: z.iso.datetime({ precision: 3 }),
  actorKind: z.string(),
  actorId: z.string().nullable(),
  actorName: z.string(),
  address: z.string().nullable(),
  action: z.string(),
  subjectKind: z.string(),
  subjectId: z.string(),
  subjectName: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  previousHash: hash,
  hash,
})
export type ChainedEntry = z.infer<typeof chainedEntry>

/** What the first entry of a chain has as its previous hash. */
export const NO_HASH = '0'.repeat(64)

/** The hash that an entry must have; PostgreSQL's function `audit_canonical` builds the same bytes. */
export function entryHash(entry: Omit<ChainedEntry, 'hash'>): string {
  const text = fields([
    'driftless-audit-1', entry.previousHash, entry.chain, String(entry.sequence), String(entry.id), entry.providerId, entry.tenantId, entry.at,
    entry.actorKind, entry.actorId, entry.actorName, entry.address, entry.action, entry.subjectKind, entry.subjectId, entry.subjectName,
    entry.before, entry.after, entry.reason, entry.detail,
  ])
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
