import { z } from 'zod'
import type { ObjectProperties, Ref } from '@driftless/vim25'

const ref = z.object({ type: z.string(), value: z.string() })

/** What is asked for of every VM. `config.extraConfig` is not: a guest changes it all day. */
export const VM_PROPERTIES = [
  'name', 'config.instanceUuid', 'config.template', 'config.version', 'config.guestFullName', 'config.guestId', 'config.firmware', 'config.bootOptions', 'config.hardware', 'config.changeTrackingEnabled',
  'runtime.powerState', 'runtime.host', 'runtime.connectionState', 'runtime.consolidationNeeded', 'guest.toolsRunningStatus', 'guest.toolsVersionStatus2',
  'guestHeartbeatStatus', 'snapshot', 'summary.storage', 'datastore', 'network',
] as const

const backing = z.object({
  $type: z.string(),
  fileName: z.string().optional(),
  uuid: z.string().optional(),
  diskMode: z.string().optional(),
  sharing: z.string().optional(),
  changeId: z.string().optional(),
  parent: z.unknown().optional(),
})

const device = z.object({
  $type: z.string(),
  key: z.number().int(),
  deviceInfo: z.object({ label: z.string().default('') }).optional(),
  controllerKey: z.number().int().optional(),
  unitNumber: z.number().int().nullish(),
  busNumber: z.number().int().optional(),
  sharedBus: z.string().optional(),
  capacityInBytes: z.bigint().optional(),
  capacityInKB: z.bigint().optional(),
  backing: backing.optional().catch(undefined),
})
export const vmDevices = z.array(device)

interface SnapshotNode {
  readonly snapshot: Ref
  readonly name: string
  readonly description: string
  readonly createTime: Date
  readonly childSnapshotList?: readonly SnapshotNode[] | undefined
}
const snapshotNode: z.ZodType<SnapshotNode> = z.object({
  snapshot: ref, name: z.string(), description: z.string().default(''), createTime: z.date(),
  get childSnapshotList() {
    return z.array(snapshotNode).optional()
  },
})

const properties = z.object({
  'name': z.string(),
  'config.instanceUuid': z.string(),
  'config.template': z.boolean().default(false),
  'config.version': z.string().default(''),
  'config.guestFullName': z.string().default(''),
  'config.hardware': z.object({ numCPU: z.number().int().positive(), memoryMB: z.number().int().nonnegative(), device: vmDevices.default([]) }),
  'config.changeTrackingEnabled': z.boolean().default(false),
  'runtime.powerState': z.enum(['poweredOn', 'poweredOff', 'suspended']),
  'runtime.host': ref.optional(),
  'runtime.connectionState': z.string().default('connected'),
  'runtime.consolidationNeeded': z.boolean().default(false),
  'guest.toolsRunningStatus': z.string().optional(),
  'guest.toolsVersionStatus2': z.string().optional(),
  'guestHeartbeatStatus': z.string().optional(),
  'snapshot': z.object({ currentSnapshot: ref.optional(), rootSnapshotList: z.array(snapshotNode).default([]) }).optional(),
  'summary.storage': z.object({ committed: z.bigint() }).optional(),
  'datastore': z.array(ref).default([]),
  'network': z.array(ref).default([]),
})

export type VmDevice = z.infer<typeof device>

/** One virtual disk of a VM as vCenter has it. */
export interface DiskFacts {
  readonly deviceKey: number
  readonly label: string
  readonly sizeBytes: number
  /** Such as `VirtualDiskFlatVer2BackingInfo`. */
  readonly backingType: string
  readonly fileName: string
  readonly uuid: string
  readonly diskMode: string
  /** Several VMs may write to it: `sharingMultiWriter` of the disk, or its controller shares its bus. */
  readonly shared: boolean
  /** The controller's type, and where on it the disk is. */
  readonly controllerType: string
  readonly busNumber: number
  readonly unitNumber: number
  readonly changeId: string | null
}

export interface SnapshotFacts {
  readonly ref: Ref
  readonly name: string
  readonly description: string
  readonly createdAt: Date
}

/** A VM as vCenter has it, in our words. */
export interface VmFacts {
  readonly moref: Ref
  readonly instanceUuid: string
  readonly name: string
  readonly template: boolean
  readonly hardwareVersion: number
  readonly guestOs: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly power: 'ON' | 'OFF' | 'SUSPENDED'
  readonly connected: boolean
  readonly host: Ref | null
  readonly tracking: boolean
  readonly consolidationNeeded: boolean
  readonly toolsRunning: boolean
  readonly toolsInstalled: boolean
  readonly heartbeat: string
  readonly committedBytes: number
  readonly disks: readonly DiskFacts[]
  readonly devices: readonly VmDevice[]
  /** All of them, in the order of the tree. */
  readonly snapshots: readonly SnapshotFacts[]
  readonly datastores: readonly Ref[]
  readonly networks: readonly Ref[]
  /** As they were received, by path. */
  readonly properties: Readonly<Record<string, unknown>>
}

const POWER = { poweredOn: 'ON', poweredOff: 'OFF', suspended: 'SUSPENDED' } as const

/** Null for a VM that vCenter does not tell enough of: it is being created, or its host does not answer. */
export function vmFacts({ ref: moref, properties: raw }: Pick<ObjectProperties, 'ref' | 'properties'>): VmFacts | null {
  const parsed = properties.safeParse(raw)
  if (!parsed.success) return null
  const said = parsed.data
  const hardware = said['config.hardware']
  return {
    moref,
    instanceUuid: said['config.instanceUuid'],
    name: said.name,
    template: said['config.template'],
    hardwareVersion: Number(/\d+$/.exec(said['config.version'])?.[0] ?? 0),
    guestOs: said['config.guestFullName'],
    cpus: hardware.numCPU,
    memoryBytes: hardware.memoryMB * 1024 * 1024,
    power: POWER[said['runtime.powerState']],
    connected: said['runtime.connectionState'] === 'connected',
    host: said['runtime.host'] ?? null,
    tracking: said['config.changeTrackingEnabled'],
    consolidationNeeded: said['runtime.consolidationNeeded'],
    toolsRunning: said['guest.toolsRunningStatus'] === 'guestToolsRunning',
    toolsInstalled: said['guest.toolsVersionStatus2'] !== 'guestToolsNotInstalled' && (said['guest.toolsVersionStatus2'] !== undefined || said['guest.toolsRunningStatus'] === 'guestToolsRunning'),
    heartbeat: said['guestHeartbeatStatus'] ?? 'gray',
    committedBytes: Number(said['summary.storage']?.committed ?? 0n),
    devices: hardware.device,
    disks: disksOf(hardware.device),
    snapshots: flatten(said.snapshot?.rootSnapshotList ?? []),
    datastores: said.datastore,
    networks: said.network,
    properties: raw,
  }
}

/** The virtual disks among a VM's devices, by device key: their order is not theirs to keep. */
export function disksOf(devices: readonly VmDevice[]): DiskFacts[] {
  const controllers = new Map(devices.map((one) => [one.key, one]))
  return devices.filter(({ $type }) => $type === 'VirtualDisk').map((disk) => {
    const controller = disk.controllerKey === undefined ? undefined : controllers.get(disk.controllerKey)
    return {
      deviceKey: disk.key,
      label: disk.deviceInfo?.label ?? `disk ${disk.key}`,
      sizeBytes: Number(disk.capacityInBytes ?? (disk.capacityInKB ?? 0n) * 1024n),
      backingType: disk.backing?.$type ?? 'none',
      fileName: disk.backing?.fileName ?? '',
      uuid: disk.backing?.uuid ?? '',
      diskMode: disk.backing?.diskMode ?? 'persistent',
      shared: disk.backing?.sharing === 'sharingMultiWriter' || (controller?.sharedBus !== undefined && controller.sharedBus !== 'noSharing'),
      controllerType: controller?.$type ?? 'none',
      busNumber: controller?.busNumber ?? 0,
      unitNumber: disk.unitNumber ?? 0,
      changeId: disk.backing?.changeId ?? null,
    }
  }).toSorted((a, b) => a.deviceKey - b.deviceKey)
}

/** A disk's key in our records. Device keys stay when disks are added or removed beside it. */
export const keyOf = ({ deviceKey }: Pick<DiskFacts, 'deviceKey'>): string => `disk-${deviceKey}`

function flatten(nodes: readonly SnapshotNode[]): SnapshotFacts[] {
  return nodes.flatMap((node) => [
    { ref: node.snapshot, name: node.name, description: node.description, createdAt: node.createTime },
    ...flatten(node.childSnapshotList ?? []),
  ])
}
