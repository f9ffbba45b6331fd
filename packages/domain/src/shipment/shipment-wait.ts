import { isCarried } from '../states/shipment.ts'
import type { ShipmentStatus } from '../states/shipment.ts'
import type { WaitReason } from '../waiting.ts'

/** Where the shipment of one VM stands. `exportProblem`, `importProblem`: what the agent says that cannot go on by itself. */
export type CarriedView = {
  readonly status: ShipmentStatus
  readonly late: boolean
  readonly exportProblem: string | null
  readonly importProblem: string | null
}

/** Why a VM waits that travels by device, and so who must act; null: nothing of it is on its way, the wire has its turn. */
export function shipmentWait({ status, late, exportProblem, importProblem }: CarriedView): { readonly reason: WaitReason; readonly detail: string | null } | null {
  if (!isCarried(status)) return null
  switch (status) {
    case 'PREPARING':
      return exportProblem === null ? { reason: 'SHIPMENT_EXPORTING', detail: null } : { reason: 'SHIPMENT_EXPORT_HELD', detail: exportProblem }
    case 'PREPARED':
      return { reason: 'SHIPMENT_TO_HAND_OVER', detail: null }
    case 'HANDED_OVER':
      return { reason: late ? 'SHIPMENT_LATE' : 'SHIPMENT_TRAVELLING', detail: null }
    case 'RECEIVED':
      return { reason: 'SHIPMENT_TO_IMPORT', detail: null }
    default:
      return importProblem === null ? { reason: 'SHIPMENT_IMPORTING', detail: null } : { reason: 'SHIPMENT_REFUSED', detail: importProblem }
  }
}
