import { z } from 'zod'

/** How performance counters call what disks are connected to, by the ending of the controller's type. */
const BUSES: readonly (readonly [RegExp, string])[] = [
  [/(SCSI|LsiLogic|BusLogic|LsiLogicSAS)Controller$/, 'scsi'],
  [/AHCIController$/, 'sata'],
  [/NVMEController$/, 'nvme'],
  [/IDEController$/, 'ide'],
]

const devices = z.array(z.object({ $type: z.string(), key: z.number(), busNumber: z.number().optional(), controllerKey: z.number().optional(), unitNumber: z.number().optional() }))

/**
 * A VM's virtual disks by the names that performance counters give them (`scsi0:1`), each with its device key. `hardware` is
 * `config.hardware.device` as it was received. Throws where that is not understood.
 */
export function diskInstances(hardware: unknown): Map<string, number> {
  const all = devices.parse(hardware)
  const controllers = new Map(all.map((device) => [device.key, device]))
  const disks = all.filter(({ $type }) => $type === 'VirtualDisk').flatMap(({ key, controllerKey, unitNumber }) => {
    const controller = controllerKey === undefined ? undefined : controllers.get(controllerKey)
    const bus = BUSES.find(([type]) => type.test(controller?.$type ?? ''))?.[1]
    if (controller?.busNumber === undefined || bus === undefined || unitNumber === undefined) return []
    return [[`${bus}${controller.busNumber}:${unitNumber}`, key] as const]
  })
  return new Map(disks)
}
