import { MOST_PROBE_SHARE } from '@driftless/domain'
import { z } from 'zod'
import { desiredProbe } from './observation.ts'
import { desiredSourceSeed, desiredTargetSeed } from './seed.ts'
import { bytes, carriedOrder, diskShape, id, orderPublicKey, rate, streamKey, vmShape } from './shapes.ts'

/**
 * What the source agent should be doing with one migrating VM:
 * - REPLICATE: VM on (if it was), sweep and dirty blocks go to the target.
 * - PAUSE: the tap stays, dirty blocks are remembered, nothing is sent.
 * - FINAL: drain and flush, shut the guest down in order, send the last blocks, flush, then hash the whole disk.
 * - RETURN: the cutover failed: power the source on again and replicate on.
 * - RELEASE: the target was accepted: leave the source off, forget the dirty map.
 * - STOP: cancelled: the source keeps running, replication state is dropped.
 * - REVERSE: the shadow VM runs; its writes are taken into the source's disks, which are off and frozen.
 * - TAKE_BACK: once the target has handed back, with proof: read every disk back and hash it; RETURN then powers the source on with what the shadow VM wrote.
 */
export const sourceStage = z.enum(['REPLICATE', 'PAUSE', 'FINAL', 'RETURN', 'RELEASE', 'STOP', 'REVERSE', 'TAKE_BACK'])

export const desiredSource = z.object({
  migrationId: id,
  /** VMs of one wave share `rateBytesPerSecond`. */
  waveId: id,
  vmRef: id,
  stage: sourceStage,
  /** Counts cutover attempts, from 1; 0 before the first. Reports of FINAL work carry it back. */
  attempt: z.number().int().nonnegative(),
  target: z.object({ agentId: id, host: z.string(), port: z.number().int().min(1).max(65_535) }).nullable(),
  disks: z.array(diskShape).min(1).max(64),
  /** Cap on what is sent, all VMs of the wave together; null: no cap. */
  rateBytesPerSecond: rate.nullable(),
  /** Cap on what is sent of this VM alone, within the wave's and the site's; null or absent: no cap. */
  vmRateBytesPerSecond: rate.nullable().optional(),
  /** Cap on the guest's writes, all disks of this VM together; null: no throttle. */
  guestWriteBytesPerSecond: rate.nullable(),
  /**
   * What slowing the guest's writes may add to the latency of each, in milliseconds. Given, the agent also slows them by
   * itself while replication does not catch up; null or absent: only the cap above, and without a limit.
   */
  guestLatencyLimitMs: z.number().positive().nullable().optional(),
  /** How long an orderly shutdown may take before the attempt fails. */
  shutdownSeconds: z.number().positive(),
  /** A test for which a moment of the VM is to be marked in the stream, once the target waits for it. */
  test: z.object({ id }).nullish(),
  /** The VM travels by device; null or absent: all of it goes over the wire. */
  seed: desiredSourceSeed.nullish(),
  /** Present where the stage asks for what a person must have signed. */
  order: carriedOrder.optional(),
  /** While both agents know how to use it and the migration lives; both are given the same. */
  streamKey: streamKey.optional(),
})
export type DesiredSource = z.infer<typeof desiredSource>

/**
 * What the target agent should be doing with one replica:
 * - RECEIVE: hold the replica's disks, accept the stream from `sourceAgentId`.
 * - VERIFY: the same, and read every disk back from the store and hash it.
 * - BOOT: create the shadow VM and power it on; its check decides.
 * - ACCEPT: the shadow VM is live; leave it alone and keep it running.
 * - KEEP: the cutover failed: shadow VM off and removed, replica kept, stream accepted again.
 * - DISCARD: cancelled: shadow VM and replica removed.
 * - REVERSE: the shadow VM is live; what it writes goes to the source, which calls for it.
 * - HAND_BACK: the same, then: drain, shut the shadow VM down in order, send the last blocks, flush, hash.
 */
export const targetStage = z.enum(['RECEIVE', 'VERIFY', 'BOOT', 'ACCEPT', 'KEEP', 'DISCARD', 'REVERSE', 'HAND_BACK'])

export const desiredTarget = z.object({
  migrationId: id,
  /** Whose VM it is: content that the target has already is looked up among this tenant's replicas only; absent: nowhere. */
  tenantId: id.optional(),
  sourceAgentId: id,
  /** The source agent is trusted no more: its streams are ended, and it is admitted to none. */
  peerRevoked: z.boolean().optional(),
  stage: targetStage,
  attempt: z.number().int().nonnegative(),
  /** Network, storage, size of the shadow VM; `hypervisor` as the source agent last reported it. */
  shape: vmShape,
  /** Highest record the source's guest had acknowledged, as observed when it was off; the shadow's check demands it. */
  acknowledgedSequence: bytes,
  /** How long the shadow VM's orderly shutdown may take in HAND_BACK; absent: two minutes. */
  shutdownSeconds: z.number().positive().optional(),
  /**
   * A VM to be booted from one moment of the replica, apart from every network, while the stream goes on; none: whatever is
   * left of one is removed. `point` once the source has marked the moment: its name in the stream, and the highest record
   * that the guest had acknowledged before it.
   */
  test: z.object({ id, point: z.object({ moment: bytes, acknowledgedSequence: bytes }).nullable() }).nullish(),
  /** The VM travels by device; null or absent: all of it comes over the wire. */
  seed: desiredTargetSeed.nullish(),
  /** Present where the stage asks for what a person must have signed. */
  order: carriedOrder.optional(),
  /** While both agents know how to use it and the migration lives; both are given the same. */
  streamKey: streamKey.optional(),
})
export type DesiredTarget = z.infer<typeof desiredTarget>

export const desiredState = z.object({
  /** Opaque; sent back as `haveVersion` so that an unchanged state is waited for, not repeated. */
  version: z.string().max(80),
  sources: z.array(desiredSource).max(5_000),
  targets: z.array(desiredTarget).max(5_000),
  /** Cap on all sending of this source agent together (the site's link limit); null: none. */
  siteRateBytesPerSecond: rate.nullable(),
  /** VMs whose churn is watched for an estimate: unique bytes are counted and reported for these. */
  observeVmRefs: z.array(id).max(5_000),
  /** Agents at the other end of lines that are to be probed; absent: none. */
  probes: z.array(desiredProbe).max(500).optional(),
  /** The part of the time in which this agent's probes may fill the line; absent: what holds where nobody has agreed on another. */
  probeShare: z.number().min(0).max(MOST_PROBE_SHARE).optional(),
  /** An agent keeps the first it hears of, and no other counts from then on. */
  orderPublicKey: orderPublicKey.optional(),
})
export type DesiredState = z.infer<typeof desiredState>

export const desiredRequest = z.object({
  protocol: z.number().int(),
  haveVersion: z.string().max(80).nullable(),
  waitSeconds: z.number().nonnegative(),
})
export type DesiredRequest = z.infer<typeof desiredRequest>
