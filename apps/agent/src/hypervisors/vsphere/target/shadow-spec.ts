import type { VimInput } from '@driftless/vim25'
import { parseDatastorePath } from '@driftless/vim25'
import type { ShadowVm } from '../../hypervisor.ts'
import type { CardBacking } from './networks.ts'
import { isCarried } from '../inventory/vm-settings.ts'
import { vsphereShape } from '../inventory/vm-shape.ts'
import type { VsphereShape } from '../inventory/vm-shape.ts'

const MIB = 1024 * 1024

/** By this setting a shadow VM is known to be ours, and of which migration. */
export const REF_KEY = 'driftless.ref'
/** What the guest's own check demands: the last record that was acknowledged at the source. */
const EXPECTS_KEY = 'guestinfo.driftless.expects'

const SCSI_TYPES: readonly string[] = ['ParaVirtualSCSIController', 'VirtualLsiLogicController', 'VirtualLsiLogicSASController', 'VirtualBusLogicController']
const OTHER_TYPES: readonly string[] = ['VirtualAHCIController', 'VirtualNVMEController']
const IDE = 'VirtualIDEController'
/** Every VM has two IDE controllers from the start. */
const FIRST_IDE_KEY = 200

/** In a request devices have keys of its own, below zero. */
const CONTROLLER_KEY = -100
const CARD_KEY = -200
const DISK_KEY = -1000
const CONTROLLERS_OWN_UNIT = 7

type Controller = VsphereShape['controllers'][number]
type Card = VsphereShape['nics'][number]

/** What a VM of another hypervisor gets, whose disks and network sit on something that vSphere does not have: what current guests have drivers for. */
const ELSEWHERE: VsphereShape = { ...vsphereShape.parse({}), nics: [{ type: 'VirtualVmxnet3', mac: null, connected: true, network: null }] }

/** What the shadow VM is to be built like. Throws where the source has said something that is not understood. */
export function shapeOf({ name, shadowNeeds }: Pick<ShadowVm, 'name' | 'shadowNeeds'>): VsphereShape {
  const said = shadowNeeds['vsphere']
  if (said === undefined) return ELSEWHERE
  const shape = vsphereShape.safeParse(said)
  if (!shape.success) throw new Error(`What the source says of how VM "${name}" is built is not understood, so its shadow VM cannot be made. Update the older of the two agents.`)
  return shape.data
}

/** A card's network: the plan names that of the first card; others are connected where the settings say to what, and else not. */
export function networkOf(card: Card, { nics: [first] }: VsphereShape, plan: string, networks: Readonly<Record<string, string>>): string | null {
  const mapped = (name: string): string | null => (Object.hasOwn(networks, name) ? (networks[name] ?? null) : null)
  if (card === first || card.network === first?.network) return mapped(plan) ?? plan
  return card.network === null ? null : mapped(card.network)
}

export interface SpecOptions {
  readonly name: string
  readonly instanceUuid: string
  /** In the order of the shape's cards; null: the card is there, and not connected. */
  readonly cards: readonly { readonly backing: CardBacking; readonly connected: boolean }[]
}

/** The whole configuration of a shadow VM around disks that exist. */
export function shadowSpec(shadow: ShadowVm, shape: VsphereShape, { name, instanceUuid, cards }: SpecOptions): Readonly<Record<string, VimInput | undefined>> {
  const { controllers, disks } = placeDisks(shadow.disks, shape.controllers)
  const settings = shape.settings.filter(({ key }) => isCarried(key) && key !== EXPECTS_KEY)
  return {
    name,
    instanceUuid,
    guestId: shape.guestId,
    version: shape.hardwareVersion === '' ? undefined : shape.hardwareVersion,
    firmware: shape.firmware,
    ...(shape.firmware === 'efi' && { bootOptions: { efiSecureBootEnabled: shape.secureBoot } }),
    numCPUs: shadow.cpus,
    // A plan may give it another number of processors than the source has.
    numCoresPerSocket: shadow.cpus % shape.coresPerSocket === 0 ? shape.coresPerSocket : undefined,
    memoryMB: BigInt(Math.ceil(shadow.memoryBytes / (4 * MIB)) * 4),
    annotation: `Made by Driftless for the migration of "${shadow.name}". It runs from the replica's disks.`,
    files: { vmPathName: `[${datastoreOf(shadow)}]` },
    deviceChange: [...controllers, ...disks, ...shape.nics.flatMap((nic, at) => cardSpec(nic, cards[at], at))],
    extraConfig: [...settings, { key: EXPECTS_KEY, value: String(shadow.acknowledgedSequence) }, { key: REF_KEY, value: shadow.ref }],
  }
}

/** The VM's own files go beside its first disk's folder. */
function datastoreOf({ name, disks: [first] }: ShadowVm): string {
  const place = first === undefined ? null : parseDatastorePath(first.path)
  if (place === null) throw new Error(`The shadow VM of "${name}" cannot be built: "${first?.path ?? 'no disk'}" is not on a datastore.`)
  return place.datastore
}

/** Each disk on the controller and unit that it has at the source, so that the guest finds it where it was; others on the first that is free. */
function placeDisks(disks: ShadowVm['disks'], controllers: readonly Controller[]): { controllers: VimInput[]; disks: VimInput[] } {
  const known = controllers.filter(({ type }) => [...SCSI_TYPES, ...OTHER_TYPES, IDE].includes(type))
  const placed = new Map(known.flatMap((controller) => controller.disks.map((disk) => [disk.key, { controller, unit: disk.unitNumber }])))
  const left = disks.filter(({ key }) => !placed.has(key))
  const spare = known.find(({ type }) => SCSI_TYPES.includes(type)) ?? { type: 'ParaVirtualSCSIController', busNumber: 0, disks: [] }
  const all = left.length === 0 || known.includes(spare) ? known : [...known, spare]
  const keyOf = (controller: Controller): number => (controller.type === IDE ? FIRST_IDE_KEY + controller.busNumber : CONTROLLER_KEY - all.indexOf(controller))
  const taken = new Set([CONTROLLERS_OWN_UNIT, ...spare.disks.map(({ unitNumber }) => unitNumber)])
  for (const { key } of left) {
    let unit = 0
    while (taken.has(unit)) unit += 1
    taken.add(unit)
    placed.set(key, { controller: spare, unit })
  }
  return {
    controllers: all.filter(({ type }) => type !== IDE).map((controller) => add({ $type: controller.type, key: keyOf(controller), busNumber: controller.busNumber, ...(SCSI_TYPES.includes(controller.type) && { sharedBus: 'noSharing' }) })),
    disks: disks.flatMap(({ key, sizeBytes, path }, at) => {
      const place = placed.get(key)
      if (place === undefined) return []
      const backing = { $type: 'VirtualDiskFlatVer2BackingInfo', fileName: path, diskMode: 'persistent' }
      return [add({ $type: 'VirtualDisk', key: DISK_KEY - at, controllerKey: keyOf(place.controller), unitNumber: place.unit, capacityInKB: BigInt(Math.ceil(sizeBytes / 1024)), backing })]
    }),
  }
}

/** The source's own address: licences and address leases go by it. The source is off as long as this VM runs. */
function cardSpec({ type, mac }: Card, card: SpecOptions['cards'][number] | undefined, at: number): VimInput[] {
  if (card === undefined) return []
  const { backing, connected } = card
  const address = mac === null ? { addressType: 'generated' } : { addressType: 'manual', macAddress: mac }
  return [add({ $type: type, key: CARD_KEY - at, ...address, backing: { ...backing }, connectable: { startConnected: connected, allowGuestControl: connected, connected } })]
}

const add = (device: VimInput): VimInput => ({ operation: 'add', device })
