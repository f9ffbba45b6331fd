import { expect, test } from 'vitest'
import { diskInstances } from './disk-instances.ts'

const controller = ($type: string, key: number, busNumber: number) => ({ $type, key, busNumber })
const disk = (key: number, controllerKey?: number, unitNumber?: number) => ({ $type: 'VirtualDisk', key, controllerKey, unitNumber, capacityInKB: 1n })

test.each([
  ['ParaVirtualSCSIController', 'scsi2:15'], ['VirtualLsiLogicController', 'scsi2:15'], ['VirtualLsiLogicSASController', 'scsi2:15'], ['VirtualBusLogicController', 'scsi2:15'],
  ['VirtualAHCIController', 'sata2:15'], ['VirtualNVMEController', 'nvme2:15'], ['VirtualIDEController', 'ide2:15'],
])('a disk on a %s is called %s', (type, instance) => {
  expect(diskInstances([disk(2000, 1002, 15), controller(type, 1002, 2), { $type: 'VirtualE1000', key: 4000, controllerKey: 100, unitNumber: 7 }])).toEqual(new Map([[instance, 2000]]))
})

test('disks are told apart by controller and unit; one on nothing that we know has no name', () => {
  const hardware = [controller('ParaVirtualSCSIController', 1000, 0), controller('VirtualLsiLogicController', 1001, 1), controller('VirtualUSBController', 7000, 0), disk(2000, 1000, 0), disk(2001, 1000, 1), disk(2016, 1001, 0), disk(2032), disk(2048, 7000, 0)]
  expect(diskInstances(hardware)).toEqual(new Map([['scsi0:0', 2000], ['scsi0:1', 2001], ['scsi1:0', 2016]]))
})
