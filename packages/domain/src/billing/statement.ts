import { staysOf, subtractUsage, usageOf, usageOfStay } from './ledger.ts'
import type { LedgerEntry, Usage } from './ledger.ts'

/** The first moment that any ledger knows of. */
const BEGINNING_MS = 0

/** A month's statement: what the month came to, and what earlier months' statements had not known of yet. */
export type Statement = { readonly usage: Usage; /** May be negative: an end that was heard of late. */ readonly correction: Usage }

/**
 * The statement of [fromMs, toMs), as it was known at its end. An entry that was recorded after a month's end does not
 * change that month's statement: what it adds or takes away there is the `correction` of the month it was recorded in.
 * So a closed month's statement is the same whenever it is asked for, and all statements together are the whole usage.
 */
export function statementOf(entries: readonly LedgerEntry[], fromMs: number, toMs: number): Statement {
  const known = knownBy(entries, toMs)
  const knownBefore = knownBy(known, fromMs)
  return { usage: usageOf(known, fromMs, toMs), correction: subtractUsage(usageOf(known, BEGINNING_MS, fromMs), usageOf(knownBefore, BEGINNING_MS, fromMs)) }
}

/** How many VMs were at the target at some moment of [fromMs, toMs), as it was known at its end. */
export function vmsOf(entries: readonly LedgerEntry[], fromMs: number, toMs: number): number {
  const there = staysOf(knownBy(entries, toMs)).filter((stay) => usageOfStay(stay, fromMs, toMs).vmSeconds > 0n)
  return new Set(there.map(({ migrationId }) => migrationId)).size
}

function knownBy(entries: readonly LedgerEntry[], atMs: number): LedgerEntry[] {
  return entries.filter(({ recordedAtMs }) => recordedAtMs < atMs)
}
