import { moveShipment, noteDamage, noteDeviceRefusals, noteDevices, noteExportProblems, noteLateness, noteShipmentVm, readShipmentFacts } from '@driftless/db'
import type { ScopedTx, ShipmentFacts, ShipmentFactsVm } from '@driftless/db'
import { nextShipmentStep } from '@driftless/domain'
import type { ShipmentStep, ShipmentVmView } from '@driftless/domain'
import { wake } from '@driftless/jobs'
import { asCoordinator } from '../context.ts'
import type { Context } from '../context.ts'

/** From PREPARING by what agents say it goes three steps at most; more is a circle. */
const MOST_STEPS = 6

/**
 * Takes every step of a shipment that nobody has to take by hand, from what both agents observe; the row's lock is the lease, as
 * with migrations. What its evidence rests on is kept with the step. Its VMs are woken: what they wait for has changed.
 */
export async function driveShipment(context: Context, shipmentId: string): Promise<readonly ShipmentStep[]> {
  const driven = await asCoordinator(context.db, (tx) => drive(tx, shipmentId))
  if (driven.steps.length === 0) return []
  context.log.info({ shipmentId, steps: driven.steps.map((step) => ('to' in step ? step.to : step.kind)) }, 'shipment driven')
  for (const migrationId of driven.migrationIds) await wake(context.queues, 'drive-migration', { migrationId })
  return driven.steps
}

async function drive(tx: ScopedTx, shipmentId: string): Promise<{ readonly steps: readonly ShipmentStep[]; readonly migrationIds: readonly string[] }> {
  const steps: ShipmentStep[] = []
  for (;;) {
    const facts = await readShipmentFacts(tx, shipmentId)
    if (facts === null) return { steps, migrationIds: [] }
    const { shipment, vms, now } = facts
    const caughtUp = await keep(tx, facts)
    const step = nextShipmentStep({ status: shipment.status, vms: vms.map((vm) => viewOf(vm, caughtUp)) })
    const moved = step.kind === 'MOVE' ? await moveShipment(tx, shipment, step.to, now) : step.kind === 'CANCEL' ? await moveShipment(tx, shipment, 'CANCELLED', now, {}, { note: step.reason }) : false
    if (!moved) return { steps, migrationIds: vms.map(({ row }) => row.migrationId) }
    steps.push(step)
    if (steps.length > MOST_STEPS) throw new Error(`Shipment ${shipmentId} goes in circles.`)
  }
}

function viewOf({ name, ended, sourceSeed, targetSeed, row }: ShipmentFactsVm, caughtUp: ReadonlySet<string>): ShipmentVmView {
  return { name, ended, exported: sourceSeed?.state === 'EXPORTED', imported: targetSeed?.state === 'IMPORTED', caughtUp: row.caughtUpAt !== null || caughtUp.has(row.migrationId) }
}

/** Writes down what agents say now and forget later, where it is news. Answers the VMs that are in step for the first time. */
async function keep(tx: ScopedTx, facts: ShipmentFacts): Promise<ReadonlySet<string>> {
  const { shipment, vms, now } = facts
  if (shipment.status === 'PREPARING') {
    await noteDevices(tx, facts)
    await noteExportProblems(tx, facts, now)
    for (const { row, sourceSeed } of vms) {
      if (sourceSeed?.state !== 'EXPORTED' || row.manifestHash === sourceSeed.manifestHash) continue
      await noteShipmentVm(tx, row, { exportedAt: sourceSeed.exportedAtMs === null ? now : new Date(sourceSeed.exportedAtMs), seedBytes: BigInt(sourceSeed.totalBytes), storedBytes: BigInt(sourceSeed.storedBytes), manifestHash: sourceSeed.manifestHash })
    }
  }
  await noteLateness(tx, facts, now)
  if (shipment.status === 'IMPORTING') {
    await noteDeviceRefusals(tx, facts, now)
    for (const vm of vms) {
      const { row, sourceSeed, targetSeed } = vm
      if (targetSeed?.state !== 'IMPORTED' || row.importedAt !== null) continue
      await noteShipmentVm(tx, row, {
        importedAt: targetSeed.importedAtMs === null ? now : new Date(targetSeed.importedAtMs), importedManifestHash: targetSeed.manifestHash, damagedChunks: targetSeed.damagedChunks, damagedBytes: BigInt(targetSeed.damagedBytes),
        writtenMeanwhileBytes: sourceSeed ? BigInt(sourceSeed.dirtyBytes) : null,
      })
      await noteDamage(tx, facts, vm, targetSeed, now)
    }
  }
  const fresh = shipment.status === 'IMPORTED' ? vms.filter(({ row, inStep }) => inStep && row.caughtUpAt === null) : []
  for (const { row } of fresh) await noteShipmentVm(tx, row, { caughtUpAt: now })
  return new Set(fresh.map(({ row }) => row.migrationId))
}
