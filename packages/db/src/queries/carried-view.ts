import { isShipmentLate } from '@driftless/domain'
import type { CarriedView, ShipmentStatus } from '@driftless/domain'
import { exportProblemOf, targetSeedOf } from './seed-facts.ts'

/** The shipment by which a VM travels as its next step sees it, with what its agents say of it; null without one. */
export function carriedViewOf(shipment: { readonly id: string; readonly status: ShipmentStatus; readonly expectedAt: Date | null } | null, { sourceObserved, targetObserved }: { readonly sourceObserved: unknown; readonly targetObserved: unknown }, now: Date): CarriedView | null {
  if (shipment === null) return null
  return {
    status: shipment.status, late: isShipmentLate(shipment.status, shipment.expectedAt?.getTime() ?? null, now.getTime()),
    exportProblem: exportProblemOf(sourceObserved, shipment.id)?.message ?? null, importProblem: targetSeedOf(targetObserved, shipment.id)?.problem?.message ?? null,
  }
}
