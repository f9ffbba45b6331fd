import type { ShipmentStatus } from '../states/shipment.ts'
import type { NoticeKind } from './mails.ts'

/** The mails that are about a shipment. */
export type ShipmentNoticeKind = Extract<NoticeKind, `SHIPMENT_${string}`>
export const isShipmentNotice = (kind: NoticeKind): kind is ShipmentNoticeKind => kind.startsWith('SHIPMENT_')

/** A shipment as it stands when a mail about it is to be sent. */
export type ShipmentNoticeView = {
  readonly status: ShipmentStatus
  readonly late: boolean
  /** Devices were with a carrier once, so whoever receives them has heard of them. */
  readonly everHandedOver: boolean
  /** VMs of which an agent says now that they cannot be written, or are refused. */
  readonly held: boolean
  readonly refused: boolean
}

/**
 * Why a mail about a shipment need not be sent any more, to a reader of the provider's `staff` or of the customer; null: it holds. What
 * asks somebody to act is said only while there is something to do; what was overtaken by the next state is told by that one's mail.
 */
export function shipmentNoticeVoid(kind: ShipmentNoticeKind, view: ShipmentNoticeView, staff: boolean): 'DONE' | 'REPLACED' | null {
  const { status } = view
  switch (kind) {
    case 'SHIPMENT_HELD': return status === 'PREPARING' && view.held ? null : 'DONE'
    case 'SHIPMENT_PREPARED': return status === 'PREPARED' ? null : 'DONE'
    case 'SHIPMENT_COMING':
    case 'SHIPMENT_CHANGED': return status === 'HANDED_OVER' ? null : 'DONE'
    case 'SHIPMENT_TAKEN_BACK': return status === 'PREPARED' || status === 'CANCELLED' ? null : 'REPLACED'
    case 'SHIPMENT_LATE': return view.late ? null : 'DONE'
    case 'SHIPMENT_RECEIVED': return status === 'RECEIVED' || (!staff && status === 'IMPORTING') ? null : 'DONE'
    case 'SHIPMENT_NOT_RECEIVED': return status === 'HANDED_OVER' ? null : 'REPLACED'
    case 'SHIPMENT_REFUSED': return status === 'IMPORTING' && view.refused ? null : 'DONE'
    case 'SHIPMENT_IMPORTED': return status === 'IMPORTED' ? null : 'REPLACED'
    case 'SHIPMENT_CANCELLED': return staff && !view.everHandedOver ? 'DONE' : null
    case 'SHIPMENT_SEALS_BROKEN':
    case 'SHIPMENT_DAMAGED':
    case 'SHIPMENT_CAUGHT_UP': return null
  }
}
