import 'server-only'
import { inScope, listAuditChains, readAuditLog, readChainPage } from '@driftless/db'
import type { AuditChain, AuditFilter, Scope } from '@driftless/db'
import type { ExportHeader } from '@driftless/audit-chain'
import { BYTE_ORDER_MARK, csvLines } from '@/server/csv.ts'
import { db } from '@/server/db.ts'

/** Rows in memory at a time, however long the log is; each page is a transaction of its own. */
const PAGE_ROWS = 1_000
const COLUMNS = ['id', 'at', 'customer', 'actor_kind', 'actor', 'action', 'subject_kind', 'subject_id', 'subject', 'before', 'after', 'detail', 'reason', 'address', 'log', 'sequence', 'hash']

/** What the filter finds in the scope, newest first, as CSV, for spreadsheets. */
export async function* exportCsv(scope: Scope, filter: AuditFilter): AsyncGenerator<string> {
  yield `${BYTE_ORDER_MARK}${csvLines([COLUMNS])}`
  let before: bigint | null = null
  do {
    const page = await csvPage(scope, filter, before)
    yield csvLines(page.entries.map((entry) => [
      entry.id, entry.at.toISOString(), entry.tenantName, entry.actorKind, entry.actorName, entry.action, entry.subjectKind, entry.subjectId, entry.subjectName,
      entry.before, entry.after, entry.detail === null ? null : JSON.stringify(entry.detail), entry.reason, entry.address, entry.chain, entry.sequence, entry.hash,
    ]))
    before = page.olderThan === null ? null : BigInt(page.olderThan)
  } while (before !== null)
}

function csvPage(scope: Scope, filter: AuditFilter, before: bigint | null) {
  return inScope(db(), scope, (tx) => readAuditLog(tx, filter, PAGE_ROWS, before))
}

/** The chain to export: the one asked for, or the only one that a customer has. Null when the scope sees none such. */
export async function findChain(scope: Scope, wanted: string | undefined): Promise<AuditChain | null> {
  const chains = await inScope(db(), scope, listAuditChains)
  return (wanted === undefined ? chains[0] : chains.find(({ chain }) => chain === wanted)) ?? null
}

/** All of one chain, oldest first, as JSON Lines that `npm run verify-audit` verifies: each column as it was hashed. */
export async function* exportChain(scope: Scope, { chain, name, entries, anchor }: AuditChain, now: Date): AsyncGenerator<string> {
  const header: ExportHeader = {
    driftlessAuditLog: 1, chain, name, exportedAt: now.toISOString(), entries,
    anchor: anchor === null ? null : { chain, sequence: anchor.sequence, hash: anchor.hash, at: anchor.at.toISOString(), key: anchor.key, signature: anchor.signature },
  }
  yield `${JSON.stringify(header)}\n`
  for (let after = 0; after < entries; ) {
    const from = after
    const page = await inScope(db(), scope, (tx) => readChainPage(tx, chain, from, entries, PAGE_ROWS))
    const last = page.at(-1)
    // Entries that somebody took out are for the verifier to name.
    if (last === undefined) return
    yield page.map((entry) => `${JSON.stringify(entry)}\n`).join('')
    after = last.sequence
  }
}
