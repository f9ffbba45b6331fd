import { isProviderRole } from '@driftless/domain'
import { inScope, listBillingStarts } from '@driftless/db'
import { month, monthSpan } from '@/features/billing/server/month.ts'
import { addressOf } from '@/server/address.ts'
import { currentPerson } from '@/server/auth.ts'
import { csv, csvResponse } from '@/server/csv.ts'
import { db } from '@/server/db.ts'
import { scopeOf } from '@/server/person.ts'
import { noteRefused } from '@/server/refused.ts'

/** One month's billing starts as CSV, for the provider's staff. `?month=2026-11` (UTC). */
export async function GET(request: Request): Promise<Response> {
  const person = await currentPerson()
  if (person === null) return Response.json({ code: 'SIGNED_OUT' }, { status: 401 })
  if (!isProviderRole(person.role)) {
    await noteRefused(person, addressOf(request.headers), '/api/billing', 'FORBIDDEN', "This belongs to the provider's staff.")
    return Response.json({ code: 'FORBIDDEN' }, { status: 403 })
  }
  const wanted = month.safeParse(new URL(request.url).searchParams.get('month'))
  if (!wanted.success) return Response.json({ code: 'BAD_INPUT', params: { field: 'month' } }, { status: 400 })
  const { from, to } = monthSpan(wanted.data)
  const found = await inScope(db(), scopeOf(person, addressOf(request.headers)), (tx) => listBillingStarts(tx, from, to))
  const rows = found.map((row) => [row.acceptedAt.toISOString(), row.tenantId, row.tenantName, row.waveName, row.migrationId, row.vmName, row.cpus, row.memoryBytes, row.diskBytes])
  return csvResponse(`billing-${wanted.data}.csv`, csv([['accepted_at', 'customer_id', 'customer', 'wave', 'migration_id', 'vm', 'cpus', 'memory_bytes', 'disk_bytes'], ...rows]))
}
