import { z } from 'zod'
import { keyOf } from './vm-facts.ts'
import type { VmFacts } from './vm-facts.ts'
import { vmSetting } from './vm-settings.ts'
import type { VmSetting } from './vm-settings.ts'

const controller = z.object({ type: z.string(), busNumber: z.number().int().nonnegative(), disks: z.array(z.object({ key: z.string(), unitNumber: z.number().int().nonnegative() })) })
/** `network`: the source's own name or key of it, by which cards on the same network are known; null where an older agent did not say. */
const nic = z.object({ type: z.string(), mac: z.string().nullable(), connected: z.boolean(), network: z.string().max(200).nullable().default(null) })

/** What a source VM is built of, so that its shadow VM can be built the same; travels as `shadowNeeds.vsphere`. */
export const vsphereShape = z.object({
  guestId: z.string().default('otherGuest64'),
  firmware: z.enum(['bios', 'efi']).default('bios'),
  secureBoot: z.boolean().default(false),
  /** Such as `vmx-19`; empty: what the target makes by default. */
  hardwareVersion: z.string().default(''),
  coresPerSocket: z.number().int().positive().default(1),
  controllers: z.array(controller).max(16).default([]),
  nics: z.array(nic).max(10).default([]),
  settings: z.array(vmSetting).max(100).default([]),
})
export type VsphereShape = z.infer<typeof vsphereShape>

const CARDS: readonly string[] = ['VirtualVmxnet3', 'VirtualVmxnet2', 'VirtualE1000', 'VirtualE1000e', 'VirtualPCNet32']

const cardBacking = z.object({ deviceName: z.string().optional(), port: z.object({ portgroupKey: z.string().optional() }).optional() })

const said = z.object({
  'config.guestId': z.string().optional(),
  'config.firmware': z.string().optional(),
  'config.version': z.string().optional(),
  'config.bootOptions': z.object({ efiSecureBootEnabled: z.boolean().optional() }).optional(),
  'config.hardware': z.object({
    numCoresPerSocket: z.number().int().positive().optional(),
    device: z.array(z.looseObject({ $type: z.string(), macAddress: z.string().optional(), backing: cardBacking.optional().catch(undefined), connectable: z.object({ startConnected: z.boolean() }).optional().catch(undefined) })).default([]),
  }),
})

/** The shape of a VM as vCenter has it, with the settings that go with it. */
export function readShape(vm: Pick<VmFacts, 'disks' | 'properties'>, settings: readonly VmSetting[]): VsphereShape {
  const config = said.parse(vm.properties)
  const byController = Map.groupBy(vm.disks, ({ controllerType, busNumber }) => `${controllerType} ${busNumber}`)
  return vsphereShape.parse({
    guestId: config['config.guestId'],
    firmware: config['config.firmware'] === 'efi' ? 'efi' : 'bios',
    secureBoot: config['config.bootOptions']?.efiSecureBootEnabled ?? false,
    hardwareVersion: config['config.version'],
    coresPerSocket: config['config.hardware'].numCoresPerSocket,
    controllers: [...byController.values()].map((disks) => ({ type: disks[0]?.controllerType, busNumber: disks[0]?.busNumber, disks: disks.map((disk) => ({ key: keyOf(disk), unitNumber: disk.unitNumber })) })),
    nics: config['config.hardware'].device.filter(({ $type }) => CARDS.includes($type)).map((card) => ({ type: card.$type, mac: card.macAddress ?? null, connected: card.connectable?.startConnected ?? true, network: card.backing?.deviceName ?? card.backing?.port?.portgroupKey ?? null })),
    settings,
  })
}
