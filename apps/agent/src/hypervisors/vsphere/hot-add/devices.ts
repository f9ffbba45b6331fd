import { z } from 'zod'
import { VimError, retrieveOne } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'

/** What we look at of a VM's device; which kind it is says `$type`. */
const device = z.object({
  $type: z.string(),
  key: z.number().int(),
  controllerKey: z.number().int().optional(),
  unitNumber: z.number().int().optional(),
  /** Of a controller. */
  busNumber: z.number().int().optional(),
  /** Of a disk: where its content is. */
  backing: z.object({ fileName: z.string().optional(), uuid: z.string().optional(), diskMode: z.string().optional() }).optional(),
})
export type Device = z.infer<typeof device>

const SCSI = new Set(['ParaVirtualSCSIController', 'VirtualLsiLogicController', 'VirtualLsiLogicSASController', 'VirtualBusLogicController'])

export const isDisk = ({ $type }: Device): boolean => $type === 'VirtualDisk'
export const isScsiController = ({ $type }: Device): boolean => SCSI.has($type)

/** All devices of a VM. Rejects with `VimError`, GONE where there is no such VM. */
export async function readDevices(vim: Vim, vm: Ref): Promise<Device[]> {
  const { properties } = await retrieveOne(vim, vm, ['config.hardware.device'])
  const parsed = z.array(device).safeParse(properties['config.hardware.device'])
  if (!parsed.success) throw new VimError('PROTOCOL', `The devices of VM ${vm.value} cannot be read: ${z.prettifyError(parsed.error)}. The account may lack the privilege System.Read on it.`)
  return parsed.data
}

/**
 * Takes disks out of a VM; their files stay. The device is named by its key alone: to send back all that the server says of it would
 * fail with the first field that a newer server adds.
 */
export const withoutDisks = (disks: readonly Device[]) => ({
  deviceChange: disks.map(({ key, controllerKey, unitNumber }) => ({ operation: 'remove', device: { $type: 'VirtualDisk', key, controllerKey, unitNumber, capacityInKB: 0n } })),
})

/** A disk's identity as 32 digits: vSphere writes it with spaces, with dashes, and in either case. Throws for what is none. */
export function diskIdentity(uuid: string): string {
  const digits = uuid.replaceAll(/[\s-]/g, '').toLowerCase()
  if (!/^[\da-f]{32}$/.test(digits)) throw new VimError('PROTOCOL', `The server says "${uuid.slice(0, 60)}" for a disk's UUID, which is none.`)
  return digits
}
