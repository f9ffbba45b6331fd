import 'server-only'
import type { InScope } from '@/server/trpc.ts'
import { wakeMigrations, wakeUp } from '@/server/wake-up.ts'

/** Wakes a shipment and the VMs that travel with it: what they wait for has changed. */
export async function wakeShipment(inScope: InScope, shipmentId: string): Promise<void> {
  const vms = await inScope((tx) => tx.db.shipmentVm.findMany({ where: { shipmentId }, select: { migrationId: true } }))
  await wakeUp('drive-shipment', { shipmentId })
  await wakeMigrations(vms.map(({ migrationId }) => migrationId))
}
