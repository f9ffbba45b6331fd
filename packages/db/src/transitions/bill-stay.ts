import type { BillingKind } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/** What the ledger keeps of the VM that is billed. */
export type BilledMigration = {
  readonly id: string
  readonly providerId: string
  readonly tenantId: string
  readonly cpus: number
  readonly memoryBytes: bigint
  readonly vm: { readonly name: string }
  readonly wave: { readonly name: string }
  readonly replications: readonly { readonly sizeBytes: bigint }[]
}

/**
 * Ends a VM's billing at the source and starts it at the target. `stay`: the number of the cutover attempt that led there.
 * False when the ledger has it already: said again, at once by two or much later, it is billed once.
 */
export async function startBilling(tx: ScopedTx, migration: BilledMigration, stay: number, acceptedAt: Date): Promise<boolean> {
  if (!(await addEntry(tx, migration, 'TARGET_STARTED', stay, acceptedAt))) return false
  await addEntry(tx, migration, 'SOURCE_ENDED', stay, acceptedAt)
  await note(tx, migration, 'billing.start', 'TARGET_STARTED', stay, acceptedAt)
  return true
}

/** Ends the billing of a stay at the target, after a return. False when the ledger has that already. */
export async function endBilling(tx: ScopedTx, migration: BilledMigration, stay: number, endedAt: Date): Promise<boolean> {
  if (!(await addEntry(tx, migration, 'TARGET_ENDED', stay, endedAt))) return false
  await note(tx, migration, 'billing.end', 'TARGET_ENDED', stay, endedAt)
  return true
}

/** The ledger's own key decides: whoever comes second, also at the same moment, adds nothing. */
async function addEntry(tx: ScopedTx, migration: BilledMigration, kind: BillingKind, stay: number, at: Date): Promise<boolean> {
  const { id: migrationId, providerId, tenantId, cpus } = migration
  const data = { migrationId, providerId, tenantId, kind, stay, at, vmName: migration.vm.name, waveName: migration.wave.name, cpus, ...mebibytesOf(migration) }
  return (await tx.db.billingEntry.createMany({ data: [data], skipDuplicates: true })).count === 1
}

async function note(tx: ScopedTx, migration: BilledMigration, action: 'billing.start' | 'billing.end', kind: BillingKind, stay: number, at: Date): Promise<void> {
  const { id, providerId, tenantId, cpus } = migration
  const { memoryMib, diskMib } = mebibytesOf(migration)
  await audit(tx, action, { providerId, tenantId, kind: 'migration', id, name: migration.vm.name }, {
    after: at.toISOString(),
    // What goes to the provider's billing system; amounts as text, since JSON's numbers are not integers everywhere.
    detail: { idempotencyKey: `${id}/${kind}/${stay}`, migrationId: id, stay, cpus, memoryMib: memoryMib.toString(), diskMib: diskMib.toString() },
  })
}

const MIB = 1n << 20n

/** A part of a mebibyte is billed as a whole one. */
function mebibytesOf({ memoryBytes, replications }: BilledMigration) {
  const mib = (bytes: bigint) => (bytes + MIB - 1n) / MIB
  return { memoryMib: mib(memoryBytes), diskMib: mib(replications.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0n)) }
}
