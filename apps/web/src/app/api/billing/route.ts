import type { Usage } from '@driftless/domain'
import { databaseNow, inScope, listBillingStarts, readStatements } from '@driftless/db'
import type { Scope } from '@driftless/db'
import { month, monthSpan } from '@/features/billing/server/month.ts'
import { addressOf } from '@/server/address.ts'
import { currentPerson } from '@/server/auth.ts'
import { csv, csvResponse } from '@/server/csv.ts'
import { db } from '@/server/db.ts'
import { scopeOf } from '@/server/person.ts'

/** One month's billing starts as CSV, or with `&of=statement` each customer's statement in whole units: for the provider's staff, and for a customer their own. `?month=2026-11` (UTC). */
export async function GET(request: Request): Promise<Response> {
  const person = await currentPerson()
  if (person === null) return Response.json({ code: 'SIGNED_OUT' }, { status: 401 })
  const { searchParams } = new URL(request.url)
  const wanted = month.safeParse(searchParams.get('month'))
  if (!wanted.success) return Response.json({ code: 'BAD_INPUT', params: { field: 'month' } }, { status: 400 })
  const { from, to } = monthSpan(wanted.data)
  const scope = scopeOf(person, addressOf(request.headers))
  if (searchParams.get('of') === 'statement') return csvResponse(`statement-${wanted.data}.csv`, csv(await statementRows(scope, from, to)))
  const found = await inScope(db(), scope, (tx) => listBillingStarts(tx, from, to))
  const rows = found.map((row) => [row.acceptedAt.toISOString(), row.tenantId, row.tenantName, row.waveName, row.migrationId, row.vmName, row.cpus, row.memoryBytes, row.diskBytes])
  return csvResponse(`billing-${wanted.data}.csv`, csv([['accepted_at', 'customer_id', 'customer', 'wave', 'migration_id', 'vm', 'cpus', 'memory_bytes', 'disk_bytes'], ...rows]))
}

async function statementRows(scope: Scope, from: Date, to: Date) {
  const statements = await inScope(db(), scope, async (tx) => readStatements(tx, from, to, await databaseNow(tx)))
  const amounts = ({ vmSeconds, vcpuSeconds, memoryMibSeconds, diskMibSeconds }: Usage) => [vmSeconds, vcpuSeconds, memoryMibSeconds, diskMibSeconds]
  const names = ['vm_seconds', 'vcpu_seconds', 'memory_mib_seconds', 'disk_mib_seconds']
  return [
    ['customer_id', 'customer', 'vms', ...names, ...names.map((name) => `correction_${name}`)],
    ...statements.map((row) => [row.tenantId, row.tenantName, row.vms, ...amounts(row.usage), ...amounts(row.correction)]),
  ]
}
