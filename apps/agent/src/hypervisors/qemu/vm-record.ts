import { join } from 'node:path'
import { z } from 'zod'

/** Names that QEMU takes as node names and ids, and that stay short in socket paths. */
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,30}$/)

const location = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('FILE'), path: z.string().min(1), format: z.enum(['raw', 'qcow2']) }),
  /** A disk that the agent serves at a unix socket: a shadow VM's. */
  z.object({ kind: z.literal('NBD'), socketPath: z.string().min(1), exportName: z.string(), sizeBytes: z.number().int().positive() }),
])

export const qemuDisk = z.object({
  key: z.string().regex(/^disk-\d{1,2}$/),
  location,
  /** Name of the node that the guest's device reads and writes. */
  nodeName: name,
  /** Id of the guest's device, below `/machine/peripheral`. */
  deviceId: name,
})
export type QemuDisk = z.infer<typeof qemuDisk>

/** A card with no network is there for the guest, but not plugged in. */
const nic = z.object({ network: z.string().min(1).nullable(), mac: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/) })

const boot = z.discriminatedUnion('kind', [
  /** From its disks, by the machine's own firmware or the named one (UEFI). */
  z.object({ kind: z.literal('FIRMWARE'), path: z.string().nullable() }),
  /** A kernel given directly. The host must have the files. */
  z.object({ kind: z.literal('KERNEL'), kernel: z.string().min(1), initrd: z.string().min(1).nullable(), commandLine: z.string() }),
])

/** What a source says of a VM so that a target can build its shadow. */
export const qemuShape = z.object({
  machine: z.string().min(1).default('q35'),
  boot,
  nics: z.array(nic).max(8).default([]),
  /** The guest runs a guest agent on the port `org.qemu.guest_agent.0`. */
  guestAgent: z.boolean().default(false),
  /** The guest keeps a ledger and reports it on the port `dl.report`. */
  reports: z.boolean().default(false),
})
export type QemuShape = z.infer<typeof qemuShape>

/** `vm.json`: one VM of a host. A QEMU has no inventory of its own; this is it. */
export const vmRecord = qemuShape.extend({
  ref: z.string().regex(/^[a-z0-9][a-z0-9-]{0,79}$/),
  name: z.string().min(1),
  guestOs: z.string(),
  cpus: z.number().int().positive(),
  memoryBytes: z.number().int().positive(),
  disks: z.array(qemuDisk).min(1).max(16),
  /** What the guest of a shadow must find acknowledged in its ledger. */
  acknowledgedSequence: z.number().int().nonnegative().default(0),
  /** For a VM that another program starts, never we: where its QEMU listens, and where its guest's agent, if it has one. */
  external: z.object({ qmpSocket: z.string().min(1), guestAgentSocket: z.string().min(1).nullable() }).nullable().default(null),
})
export type VmRecord = z.infer<typeof vmRecord>

/** `host.json`, beside the VMs; a host without it has these defaults. */
export const hostRecord = z.object({
  /** How this host's networks are reached: name to what follows `-netdev` but for its id, such as `bridge,br=br0`. */
  networks: z.record(z.string(), z.string()).default({}),
  /** Tried in this order. */
  accelerators: z.array(z.string()).min(1).default(['kvm', 'tcg']),
})
export type HostRecord = z.infer<typeof hostRecord>

/** The files of one VM's folder. Its disks are elsewhere. */
export function vmPaths(folder: string) {
  return {
    folder,
    record: join(folder, 'vm.json'),
    /** What the guest was last seen to say; outlives its QEMU and the agent. */
    guest: join(folder, 'guest.json'),
    qmp: join(folder, 'qmp.sock'),
    /** A second machine protocol socket, for people and other programs: a socket serves one client at a time. */
    monitor: join(folder, 'mon.sock'),
    guestAgent: join(folder, 'qga.sock'),
    /** Where a running QEMU serves what a tap reads of its disks. */
    exports: join(folder, 'exp.sock'),
    pid: join(folder, 'pid'),
  }
}
export type VmPaths = ReturnType<typeof vmPaths>

/** Where a tap serves QEMU, for one disk. */
export const tapSocket = ({ folder }: VmPaths, key: string): string => join(folder, `${key}.sock`)

/** The files of a QEMU that does nothing but open one disk's image for us while the VM is off. */
export const imagePaths = ({ folder }: VmPaths, key: string) => ({ qmp: join(folder, `${key}.qmp`), exports: join(folder, `${key}.exp`), pid: join(folder, `${key}.pid`) })
export type ImagePaths = ReturnType<typeof imagePaths>

/** The disk that our own VMs have under this key. */
export const diskNames = (key: string) => ({ nodeName: key, deviceId: `dev-${key}` })
