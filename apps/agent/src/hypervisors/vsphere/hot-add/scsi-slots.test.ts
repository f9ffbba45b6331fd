import { expect, test } from 'vitest'
import type { Device } from './devices.ts'
import { MAX_SCSI_DISKS, freeSlot } from './scsi-slots.ts'

const controller = (busNumber: number): Device => ({ $type: 'ParaVirtualSCSIController', key: 1000 + busNumber, busNumber })
const disk = (controllerKey: number, unitNumber: number): Device => ({ $type: 'VirtualDisk', key: controllerKey * 16 + unitNumber, controllerKey, unitNumber })

test('a VM takes sixty disks on four controllers, each where nothing is yet and never on unit 7; the 61st has no place', () => {
  const devices: Device[] = [{ $type: 'VirtualIDEController', key: 200, busNumber: 0 }]
  const units = new Set<string>()
  for (let slot = freeSlot(devices); slot !== null; slot = freeSlot(devices)) {
    if (slot.kind === 'BUS') devices.push(controller(slot.busNumber))
    else {
      units.add(`${slot.controllerKey}:${slot.unitNumber}`)
      devices.push(disk(slot.controllerKey, slot.unitNumber))
    }
  }
  expect(units.size).toBe(MAX_SCSI_DISKS)
  expect(devices.filter(({ $type }) => $type === 'ParaVirtualSCSIController')).toHaveLength(4)
  expect([...units].some((unit) => unit.endsWith(':7'))).toBe(false)
})

test('a gap is filled, and a bus that is missing in between', () => {
  expect(freeSlot([controller(0), disk(1000, 0), disk(1000, 2)])).toEqual({ kind: 'UNIT', controllerKey: 1000, unitNumber: 1 })
  const full = [0, 2].flatMap((bus) => [controller(bus), ...Array.from({ length: 16 }, (_, unit) => disk(1000 + bus, unit))])
  expect(freeSlot(full)).toEqual({ kind: 'BUS', busNumber: 1 })
})
