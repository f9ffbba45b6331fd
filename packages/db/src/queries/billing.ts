import { isNoUsage, statementOf, vmsOf } from '@driftless/domain'
import type { LedgerEntry, Statement } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'

/** More than a month of the largest provider we promise; the page says so when it is reached. */
export const MOST_BILLING_ROWS = 10_000
const MIB = 1_048_576

/** The VMs whose billing started in [from, to), by acceptance. */
export async function listBillingStarts(tx: ScopedTx, from: Date, to: Date) {
  const rows = await tx.db.billingEntry.findMany({
    where: { kind: 'TARGET_STARTED', at: { gte: from, lt: to } }, orderBy: [{ at: 'desc' }, { id: 'desc' }], take: MOST_BILLING_ROWS,
    include: { migration: { select: { wave: { select: { tenant: { select: { id: true, name: true } } } } } } },
  })
  return rows.map((row) => ({
    migrationId: row.migrationId, stay: row.stay, vmName: row.vmName, cpus: row.cpus, memoryBytes: Number(row.memoryMib) * MIB, diskBytes: Number(row.diskMib) * MIB, acceptedAt: row.at,
    waveName: row.waveName, tenantId: row.migration.wave.tenant.id, tenantName: row.migration.wave.tenant.name,
  }))
}
export type BillingRow = Awaited<ReturnType<typeof listBillingStarts>>[number]

export type CustomerStatement = { readonly tenantId: string; readonly tenantName: string; /** At the target at some moment of the month. */ readonly vms: number } & Statement

/**
 * Each customer's statement of the month [from, to), by name: of all that the ledger had heard of at its end, or by `now` while
 * it runs. Customers without usage and correction are left out.
 */
export async function readStatements(tx: ScopedTx, from: Date, to: Date, now: Date): Promise<CustomerStatement[]> {
  const until = Math.max(from.getTime(), Math.min(to.getTime(), now.getTime()))
  const rows = await tx.db.billingEntry.findMany({ where: { recordedAt: { lt: to } }, orderBy: { id: 'asc' } })
  const tenants = await tx.db.tenant.findMany({ where: { id: { in: [...new Set(rows.map(({ tenantId }) => tenantId))] } }, select: { id: true, name: true } })
  return tenants.toSorted((a, b) => a.name.localeCompare(b.name)).flatMap(({ id: tenantId, name: tenantName }) => {
    const entries = rows.filter((row) => row.tenantId === tenantId).map(entryOf)
    const statement = statementOf(entries, from.getTime(), until)
    const vms = vmsOf(entries, from.getTime(), until)
    return vms === 0 && isNoUsage(statement.correction) ? [] : [{ tenantId, tenantName, vms, ...statement }]
  })
}

function entryOf({ at, recordedAt, migrationId, kind, stay, cpus, memoryMib, diskMib }: { at: Date; recordedAt: Date } & Omit<LedgerEntry, 'atMs' | 'recordedAtMs'>): LedgerEntry {
  return { migrationId, kind, stay, cpus, memoryMib, diskMib, atMs: at.getTime(), recordedAtMs: recordedAt.getTime() }
}

/** When billing started first and last; null before any did. */
export async function readBillingSpan(tx: ScopedTx) {
  const { _min, _max } = await tx.db.billingEntry.aggregate({ where: { kind: 'TARGET_STARTED' }, _min: { at: true }, _max: { at: true } })
  return _min.at && _max.at ? { first: _min.at, last: _max.at } : null
}
