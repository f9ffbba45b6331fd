import type { ShipmentStatus } from '../states/shipment.ts'

export type SourceSeedStep = 'EXPORT' | 'CARRY' | 'CATCH_UP'
export type TargetSeedStep = 'WAIT' | 'IMPORT' | 'KEEP'

/** What each side's agent is to do with a VM of a shipment in this status; null: nothing of a seed, all of it goes over the wire. */
export function seedStepsOf(status: ShipmentStatus): { readonly source: SourceSeedStep; readonly target: TargetSeedStep } | null {
  switch (status) {
    case 'PREPARING':
      return { source: 'EXPORT', target: 'WAIT' }
    case 'PREPARED':
    case 'HANDED_OVER':
    case 'RECEIVED':
      return { source: 'CARRY', target: 'WAIT' }
    case 'IMPORTING':
      return { source: 'CARRY', target: 'IMPORT' }
    case 'IMPORTED':
    case 'CAUGHT_UP':
      return { source: 'CATCH_UP', target: 'KEEP' }
    case 'CANCELLED':
      return null
  }
}
