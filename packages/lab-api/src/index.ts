/**
 * What a lab host tells and takes: the contract between the small hypervisor of our own
 * (`apps/lab`) and the agent's adapter for it (`apps/agent/src/hypervisors/lab`).
 *
 * Wire: JSON over HTTP on a unix socket, one POST a call, answers `{ ok: true, value }` or
 * `{ ok: false, code, message }`. Calls are idempotent: asking for what already is succeeds.
 */
import { z } from 'zod'

/** One disk of a lab VM. `path` is the raw file on the host; `socket` is where the agent serves it by NBD. */
export const labDisk = z.object({
  key: z.string().regex(/^disk-\d{1,2}$/),
  sizeBytes: z.number().int().positive(),
  path: z.string(),
  socket: z.string(),
  usedBytes: z.number().int().nonnegative(),
})
export type LabDisk = z.infer<typeof labDisk>

/** How the guest's own check of its ledger at boot ended. */
export const labHealth = z.enum(['UNKNOWN', 'CHECKING', 'HEALTHY', 'BROKEN'])

/** What the guest does while it runs. Rates are per second. */
export const labWorkload = z.object({
  ledgerRecordsPerSecond: z.number().positive(),
  rewriteBytesPerSecond: z.number().nonnegative(),
  /** Share of the scratch file that the random rewrites touch, 0 to 1. */
  workingSet: z.number().min(0).max(1),
  /** A trace to replay on top (CSV, gzip): an absolute path, or null. */
  tracePath: z.string().nullable(),
  /** It works on when it is asked to shut down. */
  ignoresShutdown: z.boolean().optional(),
})
export type LabWorkload = z.infer<typeof labWorkload>

export const labVm = z.object({
  ref: z.string(),
  name: z.string(),
  guestOs: z.string(),
  cpus: z.number().int().positive(),
  memoryBytes: z.number().int().positive(),
  network: z.string(),
  isolated: z.boolean().optional(),
  power: z.enum(['ON', 'OFF', 'STOPPING']),
  health: labHealth,
  /** Why the guest is broken, in words; null unless health is BROKEN. */
  healthDetail: z.string().nullable(),
  /** Highest ledger sequence number the guest has acknowledged to the outside, in its whole life. */
  acknowledgedSequence: z.number().int().nonnegative(),
  /** Highest sequence number found on the disk by the check at the latest boot; null before it. */
  sequenceAtBoot: z.number().int().nonnegative().nullable(),
  /** Milliseconds since the epoch; null before the first. Of the present boot, or the last one when off. */
  firstWriteAtMs: z.number().nullable(),
  lastWriteAtMs: z.number().nullable(),
  disks: z.array(labDisk).max(16),
})
export type LabVm = z.infer<typeof labVm>

export const labCalls = {
  /** Everything the host has. */
  'list-vms': { input: z.object({}), output: z.object({ vms: z.array(labVm).max(5_000) }) },
  /** Creates a VM over disk files that exist already; powered off. `ref` is chosen by the caller. */
  'create-vm': {
    input: z.object({
      ref: z.string().regex(/^[a-z0-9-]{1,80}$/),
      name: z.string(),
      guestOs: z.string(),
      cpus: z.number().int().positive(),
      memoryBytes: z.number().int().positive(),
      network: z.string(),
      /** Kept apart from every network. The lab's guests have none in any case: the host remembers it. */
      isolated: z.boolean().optional(),
      workload: labWorkload,
      /** What the source host had seen acknowledged: the check at boot demands at least this. */
      acknowledgedSequence: z.number().int().nonnegative(),
      disks: z.array(labDisk.omit({ usedBytes: true })).min(1).max(16),
    }),
    output: z.object({}),
  },
  /** Starts the guest process; it boots when its disk's sockets answer. */
  'power-on': { input: z.object({ ref: z.string() }), output: z.object({}) },
  /** Asks the guest to shut down in order. Returns at once; `power` goes STOPPING, then OFF. */
  shutdown: { input: z.object({ ref: z.string() }), output: z.object({}) },
  /** Stops the guest without asking it. */
  'power-off': { input: z.object({ ref: z.string() }), output: z.object({}) },
  /** Removes the VM's registration (must be OFF). Its disk files stay. */
  'remove-vm': { input: z.object({ ref: z.string() }), output: z.object({}) },
  /** The workload and shape a shadow VM must be created with, as the source host knows them. */
  'describe-vm': {
    input: z.object({ ref: z.string() }),
    output: z.object({ vm: labVm, workload: labWorkload }),
  },
} as const
export type LabCall = keyof typeof labCalls
