import { inScope, readAuditLog } from '@driftless/db'
import { z } from 'zod'
import { auditFilter } from '@/features/audit-log/server/audit-filter.ts'
import { addressOf } from '@/server/address.ts'
import { currentPerson } from '@/server/auth.ts'
import { csv, csvResponse } from '@/server/csv.ts'
import { db } from '@/server/db.ts'
import { scopeOf } from '@/server/person.ts'

/** More than anybody reads; who needs all of it narrows by time. */
const MOST_ROWS = 20_000

const query = auditFilter.extend({ from: z.coerce.date().optional(), to: z.coerce.date().optional() })

/** The log as CSV, in the person's own scope, with the filters of the page. */
export async function GET(request: Request): Promise<Response> {
  const person = await currentPerson()
  if (person === null) return Response.json({ code: 'SIGNED_OUT' }, { status: 401 })
  const filter = query.safeParse(Object.fromEntries(new URL(request.url).searchParams))
  if (!filter.success) return Response.json({ code: 'BAD_INPUT', params: { field: filter.error.issues[0]?.path.join('.') ?? '' } }, { status: 400 })
  const { entries } = await inScope(db(), scopeOf(person, addressOf(request.headers)), (tx) => readAuditLog(tx, filter.data, MOST_ROWS, null))
  const rows = entries.map((entry) => [entry.id, entry.at.toISOString(), entry.tenantName, entry.actorKind, entry.actorName, entry.action, entry.subjectKind, entry.subjectId, entry.subjectName, entry.before, entry.after, entry.detail === null ? null : JSON.stringify(entry.detail)])
  return csvResponse('audit-log.csv', csv([['id', 'at', 'customer', 'actor_kind', 'actor', 'action', 'subject_kind', 'subject_id', 'subject', 'before', 'after', 'detail'], ...rows]))
}
