import { parseAsBoolean, parseAsString, parseAsStringLiteral } from 'nuqs/server'

export const SUBJECT_KINDS = ['migration', 'wave', 'booking', 'cutover-attempt', 'estimate', 'site', 'agent', 'enrolment-token', 'destination', 'user', 'provider', 'tenant', 'sign-on', 'procedure', 'audit-log', 'webhook', 'shipment'] as const
export const ACTOR_KINDS = ['USER', 'AGENT', 'COORDINATOR'] as const

/** How the log's filters stand in the address, read by the page and by its download. Days are the browser's. */
export const auditParsers = {
  q: parseAsString.withDefault(''),
  log: parseAsString.withDefault(''),
  by: parseAsStringLiteral(ACTOR_KINDS),
  actor: parseAsString.withDefault(''),
  action: parseAsString.withDefault(''),
  kind: parseAsStringLiteral(SUBJECT_KINDS),
  subject: parseAsString.withDefault(''),
  address: parseAsString.withDefault(''),
  refused: parseAsBoolean.withDefault(false),
  from: parseAsString.withDefault(''),
  to: parseAsString.withDefault(''),
}
export type AuditSearch = { q: string; log: string; by: (typeof ACTOR_KINDS)[number] | null; actor: string; action: string; address: string; refused: boolean; kind: (typeof SUBJECT_KINDS)[number] | null; subject: string; from: string; to: string }

/** Midnight of a `2026-11-23` in the browser's zone, `days` later; undefined where it is none. */
function dayStart(day: string, days = 0): Date | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)
  return parts ? new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + days) : undefined
}

/** The server's filter for what stands in the address; `to` counts to its end of day. */
export function toFilter(search: AuditSearch) {
  const or = (text: string) => text.trim().slice(0, 120) || undefined
  return { text: or(search.q), chain: or(search.log), actorKind: search.by ?? undefined, address: or(search.address), refusals: search.refused || undefined, actor: or(search.actor), action: or(search.action), subjectKind: search.kind ?? undefined, subjectId: or(search.subject), from: dayStart(search.from), to: dayStart(search.to, 1) }
}
