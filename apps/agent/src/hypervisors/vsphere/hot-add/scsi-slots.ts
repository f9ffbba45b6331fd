import { isScsiController } from './devices.ts'
import type { Device } from './devices.ts'

/** What a VM may have, and a controller: sixteen units, of which one is the controller's own. */
const MAX_CONTROLLERS = 4
const UNITS = 16
const CONTROLLERS_OWN_UNIT = 7
export const MAX_SCSI_DISKS = MAX_CONTROLLERS * (UNITS - 1)

/** UNIT: where a disk can be connected. BUS: only once another controller is there, which can be this one. */
export type Slot = { readonly kind: 'UNIT'; readonly controllerKey: number; readonly unitNumber: number } | { readonly kind: 'BUS'; readonly busNumber: number }

/** A place for one more SCSI disk, the only kind that is safe to connect to a VM that runs. Null: the VM is full. */
export function freeSlot(devices: readonly Device[]): Slot | null {
  const controllers = devices.filter(isScsiController).toSorted((a, b) => (a.busNumber ?? 0) - (b.busNumber ?? 0))
  for (const { key } of controllers) {
    const taken = new Set(devices.filter(({ controllerKey }) => controllerKey === key).map(({ unitNumber }) => unitNumber))
    for (let unitNumber = 0; unitNumber < UNITS; unitNumber += 1) {
      if (unitNumber !== CONTROLLERS_OWN_UNIT && !taken.has(unitNumber)) return { kind: 'UNIT', controllerKey: key, unitNumber }
    }
  }
  const buses = new Set(controllers.map(({ busNumber }) => busNumber))
  for (let busNumber = 0; busNumber < MAX_CONTROLLERS; busNumber += 1) if (!buses.has(busNumber)) return { kind: 'BUS', busNumber }
  return null
}
