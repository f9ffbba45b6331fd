/** What the processes of a measured migration say to one another. */
import { z } from 'zod'
import { method, nothing } from '../support/peer.ts'

/** One VM with one disk is migrated. */
export const MIGRATION_ID = 'bench-1'
export const VM_REF = 'vm-1'
export const DISK_KEY = 'disk-0'

const place = z.object({ socketPath: z.string(), exportName: z.string() })

const load = z.object({ writesPerSecond: z.number().positive(), compressible: z.boolean(), seed: z.number() })
export type Load = z.output<typeof load>

/** The guest's process: writes to a disk served by NBD, whoever serves it. */
export const guestMethods = {
  /** Begins to write; resolves when it is connected. */
  start: method('start', place.extend({ load }), nothing),
  /** Latencies from here on; those before are forgotten. */
  forgetLatencies: method('forget-latencies', nothing, nothing),
  latencies: method('latencies', nothing, z.array(z.number())),
  /** Ends the writing after what is under way, and lets go of the disk. Gives when the last write was acknowledged. */
  stop: method('stop', nothing, z.object({ writes: z.number(), lastWriteAtMs: z.number(), slowestMs: z.number() })),
  /** The target's guest: reads its first block and overwrites it with zeroes; gives when that was acknowledged. */
  firstWrite: method('first-write', place, z.object({ found: z.instanceof(Buffer), atMs: z.number() })),
}

const credentials = z.object({ agentId: z.string(), keyPem: z.string(), certificatePem: z.string(), caCertificatePem: z.string() })
const hashes = z.array(z.object({ key: z.string(), sizeBytes: z.number(), hash: z.string() })).nullable()
const problem = z.object({ code: z.string(), message: z.string() }).nullable()

/** How the source's guest reaches its disk: through our server, or through a QEMU of which we take a mirror. */
const sourceDisk = z.discriminatedUnion('tap', [
  z.object({ tap: z.literal('served'), path: z.string(), sizeBytes: z.number(), socketPath: z.string() }),
  z.object({ tap: z.literal('mirror'), path: z.string(), sizeBytes: z.number(), qmpSocketPath: z.string(), guestSocketPath: z.string(), sinkSocketPath: z.string() }),
])
/** The block node of the disk in such a QEMU. */
export const QEMU_NODE = 'disk'
export type SourceDisk = z.output<typeof sourceDisk>

export const sourceMethods = {
  start: method('start', z.object({ credentials, directory: z.string(), disk: sourceDisk }), nothing),
  desire: method('desire', z.object({ stage: z.enum(['REPLICATE', 'FINAL']), target: z.object({ agentId: z.string(), host: z.string(), port: z.number() }) }), nothing),
  /** Called by the source itself, on every change and every few milliseconds. `atMs` and the others by `Date.now`. */
  observed: method('observed', z.object({
    atMs: z.number(), foregroundDoneBytes: z.number(), firstCopyDone: z.boolean(), behindSinceMs: z.number().nullable(), finalSyncAtMs: z.number().nullable(), hashes, problem,
  }), nothing),
  /** Called by the source: its guest is asked to shut down. Resolves when it is off. */
  guestOff: method('guest-off', nothing, nothing),
}
export type SourceSeen = z.output<typeof sourceMethods.observed.params>

export const targetMethods = {
  start: method('start', z.object({ credentials, directory: z.string(), sizeBytes: z.number(), sourceAgentId: z.string() }), z.object({ port: z.number() })),
  desire: method('desire', z.object({ stage: z.enum(['RECEIVE', 'VERIFY', 'BOOT']) }), nothing),
  /** Called by the target itself, on every change. */
  observed: method('observed', z.object({ stage: z.string(), hashes, problem }), nothing),
  /** Called by the target: the shadow VM is powered on. Resolves when it is. */
  guestOn: method('guest-on', place, nothing),
  /** Where the replica's content is. */
  replicaPath: method('replica-path', nothing, z.string()),
}
export type TargetSeen = z.output<typeof targetMethods.observed.params>
