import type { ScopedTx } from '../scope.ts'

/** More than a month of the largest provider we promise; the page says so when it is reached. */
export const MOST_BILLING_ROWS = 10_000

/** The VMs whose billing started in [from, to), by acceptance. */
export async function listBillingStarts(tx: ScopedTx, from: Date, to: Date) {
  const rows = await tx.db.billingStart.findMany({
    where: { acceptedAt: { gte: from, lt: to } }, orderBy: { acceptedAt: 'desc' }, take: MOST_BILLING_ROWS,
    include: { migration: { select: { wave: { select: { name: true, tenant: { select: { id: true, name: true } } } } } } },
  })
  return rows.map((row) => ({
    migrationId: row.migrationId, vmName: row.vmName, cpus: row.cpus, memoryBytes: Number(row.memoryBytes), diskBytes: Number(row.diskBytes), acceptedAt: row.acceptedAt,
    waveName: row.migration.wave.name, tenantId: row.migration.wave.tenant.id, tenantName: row.migration.wave.tenant.name,
  }))
}
export type BillingRow = Awaited<ReturnType<typeof listBillingStarts>>[number]

/** When billing started first and last; null before any did. */
export async function readBillingSpan(tx: ScopedTx) {
  const { _min, _max } = await tx.db.billingStart.aggregate({ _min: { acceptedAt: true }, _max: { acceptedAt: true } })
  return _min.acceptedAt && _max.acceptedAt ? { first: _min.acceptedAt, last: _max.acceptedAt } : null
}
