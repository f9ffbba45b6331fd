import { z } from 'zod'
import { hypervisorFacts, notice, placement } from './hypervisor-facts.ts'
import { observation } from './observation.ts'
import { seedKeys, seedPlace, sourceSeedObserved, targetSeedObserved } from './seed.ts'
import { bytes, guestHealth, hash, id, instantMs, power, problem, rate } from './shapes.ts'

/** The replication states of one disk, as in `house.md`; the same list stands in `domain`. */
export const diskReplicationStatus = z.enum([
  'STOPPED', 'INITIATING', 'INITIAL_SYNC', 'CONTINUOUS', 'BACKLOG', 'SEEDING', 'RESYNC', 'PAUSED', 'STALLED', 'DISCONNECTED',
])

export const guestState = z.object({
  power,
  health: guestHealth,
  healthDetail: z.string().max(500).nullable(),
  acknowledgedSequence: bytes,
  /** Highest record found on the disk at the latest boot; null before it. */
  sequenceAtBoot: bytes.nullable(),
  firstWriteAtMs: instantMs.nullable(),
  lastWriteAtMs: instantMs.nullable(),
})
export type GuestState = z.infer<typeof guestState>

export const inventoryVm = z.object({
  ref: id,
  name: id,
  guestOs: z.string().max(120),
  cpus: z.number().int().positive(),
  memoryBytes: bytes,
  network: id,
  guest: guestState,
  disks: z.array(z.object({ key: z.string().max(60), sizeBytes: bytes, usedBytes: bytes })).max(64),
  /** Guest writes seen since the agent's start, every write counted. */
  writtenBytes: bytes,
  /** What the target's adapter needs to build the shadow VM. */
  hypervisor: z.record(z.string(), z.unknown()),
  placement: placement.optional(),
  /** What must be changed before it can be migrated, each with what to do. */
  blockers: z.array(problem).max(20).optional(),
  /** What a migration will ask of it, such as a power cycle: nothing stands in the way. */
  remarks: z.array(problem).max(20).optional(),
})
export type InventoryVm = z.infer<typeof inventoryVm>

export const inventory = z.object({ vms: z.array(inventoryVm).max(5_000) })
export type Inventory = z.infer<typeof inventory>

export const sourceDiskObserved = z.object({
  key: z.string().max(60),
  status: diskReplicationStatus,
  sizeBytes: bytes,
  /** The first copy in bytes that hold data: copied or found equal, and in all as far as known; left is zero only when it is durable. */
  backgroundDoneBytes: bytes,
  backgroundTotalBytes: bytes,
  /** Guest-written bytes durable at the target, and still to send. */
  foregroundDoneBytes: bytes,
  foregroundLeftBytes: bytes,
  /** On the wire, since the agent's start, after compression and zero detection. */
  sentBytes: bytes,
  /** Read back on both sides and found equal, and not written since; the rest is read at the cutover. */
  verifiedBytes: bytes.optional(),
  /** Pieces of 64 KiB that were found different although all of them had arrived, since the agent's start. Each was sent anew. */
  divergences: z.number().int().nonnegative().optional(),
  /** Since when the target has not been identical; null when it is. */
  behindSinceMs: instantMs.nullable(),
})
export type SourceDiskObserved = z.infer<typeof sourceDiskObserved>

export const diskHash = z.object({ key: z.string().max(60), hash, sizeBytes: bytes })
export type DiskHash = z.infer<typeof diskHash>

/** The moment of the VM that a test boots from. `heldMs`: for how long the guest's writes were held. */
export const sourceTestObserved = z.object({
  id,
  point: z.object({ moment: bytes, takenAtMs: instantMs, heldMs: z.number().nonnegative(), acknowledgedSequence: bytes }).nullable(),
  problem: problem.nullable(),
})
export type SourceTestObserved = z.infer<typeof sourceTestObserved>

/**
 * The test VM. WAITING for the moment, BOOTED from it, or LOST: what it stood on is no longer whole (the agent was
 * restarted, the store had no room) and it must be started anew. `usedBytes`: what it takes of the store beside the replica.
 */
export const targetTestObserved = z.object({
  id,
  state: z.enum(['WAITING', 'BOOTED', 'LOST']),
  guest: guestState.nullable(),
  usedBytes: bytes,
  problem: problem.nullable(),
})
export type TargetTestObserved = z.infer<typeof targetTestObserved>

/** How a guest's writes are slowed at this moment. */
export const guestThrottleObserved = z.object({
  bytesPerSecond: rate,
  sinceMs: instantMs,
  /** 99th percentile of what it added to a write's latency lately; null where nothing was written, or nobody can tell. */
  addedLatencyMs: z.number().nonnegative().nullable(),
  /** By the agent itself, because replication did not catch up; else by the cap that a person has set. */
  automatic: z.boolean(),
  /** It would take a lower rate to catch up, and the latency limit does not allow it. */
  atLatencyLimit: z.boolean(),
})
export type GuestThrottleObserved = z.infer<typeof guestThrottleObserved>

/**
 * The source's disks are read whole once more after the proof, while the target starts: the proof rests on every write having
 * been seen, this does not. FAILED: they could not be read.
 */
export const reread = z.enum(['RUNNING', 'EQUAL', 'DIFFERENT', 'FAILED'])
export type Reread = z.infer<typeof reread>

export const sourceObserved = z.object({
  migrationId: id,
  stage: z.string().max(20),
  attempt: z.number().int().nonnegative(),
  connected: z.boolean(),
  disks: z.array(sourceDiskObserved).max(64),
  guest: guestState,
  /** Set in stage FINAL, for `attempt`: when the guest was seen off, when the target had flushed all, and the proof. */
  sourceOffAtMs: instantMs.nullable(),
  finalSyncAtMs: instantMs.nullable(),
  hashes: z.array(diskHash).max(64).nullable(),
  /** Set in stage FINAL, for `attempt`: the guest did not shut down and was powered off, as the approver who is named had agreed. */
  poweredOff: z.object({ atMs: instantMs, agreedBy: z.string().max(200) }).nullish(),
  /** Set in stage FINAL, for `attempt`, once there are hashes. */
  reread: reread.nullish(),
  /** Null or absent: the guest writes as fast as its disk allows. */
  guestThrottle: guestThrottleObserved.nullable().optional(),
  problem: problem.nullable(),
  test: sourceTestObserved.nullish(),
  seed: sourceSeedObserved.nullish(),
  /** The latest, oldest first. */
  notices: z.array(notice).max(20).optional(),
})
export type SourceObserved = z.infer<typeof sourceObserved>

/** The way back, in REVERSE and HAND_BACK: how far the source is behind the shadow VM, and the last steps of a return. */
export const wayBackObserved = z.object({
  connected: z.boolean(),
  leftBytes: bytes,
  /** On the wire since the agent's start. */
  sentBytes: bytes,
  behindSinceMs: instantMs.nullable(),
  shadowOffAtMs: instantMs.nullable(),
  finalSyncAtMs: instantMs.nullable(),
})
export type WayBackObserved = z.infer<typeof wayBackObserved>

export const targetObserved = z.object({
  migrationId: id,
  stage: z.string().max(20),
  attempt: z.number().int().nonnegative(),
  connected: z.boolean(),
  /** Bytes allocated by the replica's files. */
  storedBytes: bytes,
  hashes: z.array(diskHash).max(64).nullable(),
  /** The shadow VM, once it was created. */
  shadow: guestState.nullable(),
  problem: problem.nullable(),
  test: targetTestObserved.nullish(),
  seed: targetSeedObserved.nullish(),
  wayBack: wayBackObserved.nullish(),
})
export type TargetObserved = z.infer<typeof targetObserved>

/** One sample of one VM; rates are over the interval that ends at `atMs`. */
export const telemetrySample = z.object({
  vmRef: id,
  migrationId: id.nullable(),
  atMs: instantMs,
  intervalSeconds: z.number().positive(),
  backgroundBytesPerSecond: rate,
  foregroundBytesPerSecond: rate,
  backlogBytes: bytes,
  lagSeconds: z.number().nonnegative(),
  guestWriteBytesPerSecond: rate,
  /** Distinct 4 KiB pages written in the interval, times 4,096; counted for observed and migrating VMs. */
  uniqueWriteBytes: bytes,
  /** 99th percentile of the guest's write latency in the interval; null when it wrote nothing. */
  guestWriteLatencyMs: z.number().nonnegative().nullable(),
})
export type TelemetrySample = z.infer<typeof telemetrySample>

export const report = z.object({
  protocol: z.number().int(),
  version: z.string().max(40),
  atMs: instantMs,
  /** Version of the desired state that this report answers to; null before the first. */
  desiredVersion: z.string().max(80).nullable(),
  /** Where source agents reach this (target) agent; null on a source. */
  stream: z.object({ host: z.string().max(200), port: z.number().int().min(1).max(65_535) }).nullable(),
  /** Room for replicas, target only. */
  storage: z.object({ freeBytes: bytes, totalBytes: bytes }).nullable(),
  /** Sent whole when it changed and every 30 s; null in between. */
  inventory: inventory.nullable(),
  sources: z.array(sourceObserved).max(5_000),
  targets: z.array(targetObserved).max(5_000),
  samples: z.array(telemetrySample).max(20_000),
  hypervisor: hypervisorFacts.nullish(),
  /** Of observed VMs; null or absent: nothing new. */
  observation: observation.nullish(),
  /** Places for seeds; null or absent: this agent was given none. */
  seedPlaces: z.array(seedPlace).max(64).nullish(),
  seedKeys: seedKeys.nullish(),
})
export type Report = z.infer<typeof report>

/** `renewCertificate`: it is time to, by the gateway's clock; said again until it is done. */
export const reportAnswer = z.object({ ok: z.literal(true), renewCertificate: z.boolean().optional() })
export type ReportAnswer = z.infer<typeof reportAnswer>
