import { isCarried } from '../states/shipment.ts'
import type { ShipmentStatus } from '../states/shipment.ts'

/** One VM of a shipment, as its agents last said of it. What they say of another shipment is nothing. */
export type ShipmentVmView = {
  readonly name: string
  /** Its migration has come to an end, whichever. */
  readonly ended: boolean
  readonly exported: boolean
  readonly imported: boolean
  /** The target was in step with it once since the import. */
  readonly caughtUp: boolean
}
export type ShipmentView = { readonly status: ShipmentStatus; readonly vms: readonly ShipmentVmView[] }

export type ShipmentStep =
  | { readonly kind: 'MOVE'; readonly to: 'PREPARED' | 'IMPORTED' | 'CAUGHT_UP' }
  | { readonly kind: 'CANCEL'; readonly reason: string }
  | { readonly kind: 'NOTHING' }

const NOTHING: ShipmentStep = { kind: 'NOTHING' }

/**
 * The next step of a shipment that nobody has to take by hand. VMs whose migration was given up are waited for no more; with the
 * last of them the shipment is given up as well. Asked again after every step; taking one twice is harmless.
 */
export function nextShipmentStep({ status, vms }: ShipmentView): ShipmentStep {
  const left = vms.filter(({ ended, caughtUp }) => !ended || caughtUp)
  const open = isCarried(status) || status === 'IMPORTED'
  if (open && left.length === 0) return { kind: 'CANCEL', reason: 'None of its VMs is being moved any more.' }
  const all = (done: (vm: ShipmentVmView) => boolean) => left.every(done)
  switch (status) {
    case 'PREPARING':
      return all(({ exported }) => exported) ? { kind: 'MOVE', to: 'PREPARED' } : NOTHING
    case 'IMPORTING':
      return all(({ imported }) => imported) ? { kind: 'MOVE', to: 'IMPORTED' } : NOTHING
    case 'IMPORTED':
      return all(({ caughtUp }) => caughtUp) ? { kind: 'MOVE', to: 'CAUGHT_UP' } : NOTHING
    default:
      return NOTHING
  }
}
