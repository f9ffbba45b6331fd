import { rm } from 'node:fs/promises'
import type { DesiredSource, GuestThrottleObserved, Problem, SourceDiskObserved, SourceSeedObserved } from '@driftless/agent-api'
import { TokenBucket } from '../block/token-bucket.ts'
import { removeTable } from '../proof/piece-table.ts'
import type { SeedKit } from '../seed/kit.ts'
import { SourceSeed } from '../seed/source-seed.ts'
import type { LinkTarget } from '../stream/disk-link.ts'
import type { Credentials } from '../stream/identity.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import type { VmTap } from '../tap/vm-tap.ts'
import { observeDisk, seeding } from './disk-observation.ts'
import { DiskReplicator } from './disk-replicator.ts'
import { GuestThrottle } from './guest-throttle.ts'
import { leftPathOf } from './left-file.ts'
import { seedPathOf, tablePathOf } from './migration-record.ts'

export interface VmReplicationOptions {
  readonly migrationId: string
  readonly tap: VmTap
  readonly credentials: Credentials
  /** Caps on sending, asked after the VM's own in this order: the wave's, the site's. */
  readonly buckets: readonly TokenBucket[]
  readonly stateDirectory: string
  readonly now: () => number
  /** Something that the coordinator waits for has changed. */
  readonly changed: () => void
  readonly lanesFromMs: number | undefined
  /** Null: this agent takes no part in seeds. */
  readonly seeds: SeedKit | null
  /** See `SeedExportOptions`. */
  readonly seedChunkBytes?: number | undefined
}

export interface ReplicatedDisk {
  readonly tap: DiskTap
  readonly replicator: DiskReplicator
}

/** Brings a VM's disks to the target and keeps them there: over the wire, or first by device; slows its guest where that is wanted. */
export class VmReplication {
  readonly #options: VmReplicationOptions
  readonly #throttle: GuestThrottle
  readonly #ownBucket = new TokenBucket()
  readonly #seed: SourceSeed
  #disks: readonly ReplicatedDisk[] = []
  #sweepHeld = false
  /** What the disks had come to when replication ended. */
  #lastDisks: SourceDiskObserved[] = []

  constructor(options: VmReplicationOptions) {
    const { migrationId, stateDirectory, credentials, seeds, now, changed, seedChunkBytes } = options
    this.#options = options
    this.#throttle = new GuestThrottle(options.tap.throttle, now)
    this.#seed = new SourceSeed({
      basePath: seedPathOf(stateDirectory, migrationId), migrationId, sourceAgentId: credentials.agentId, kit: seeds, held: () => this.#sweepHeld, now, changed, chunkBytes: seedChunkBytes,
    })
  }

  /** The disks that are replicated now; none while it does not run. */
  get disks(): readonly ReplicatedDisk[] {
    return this.#disks
  }

  get isRunning(): boolean {
    return this.#disks.length > 0
  }

  /** Whether first copies, seeds and comparisons wait for another VM's cutover. */
  setSweepHeld(held: boolean): void {
    this.#sweepHeld = held
    for (const { replicator } of this.#disks) replicator.setSweepHeld(held)
  }

  /** Replicates as is desired. Rejects where the VM's disks are not those that were planned, or the agent's own files fail. */
  async converge(desired: DesiredSource): Promise<void> {
    const { tap, credentials } = this.#options
    if (!this.isRunning) this.#disks = this.#start(desired)
    this.#ownBucket.setRate(desired.vmRateBytesPerSecond ?? null)
    if (tap.disks.every(({ slows }) => slows !== false)) this.#throttle.converge(desired, this.#disks)
    for (const { replicator } of this.#disks) {
      replicator.setTarget(linkTarget(desired, credentials.agentId))
      replicator.setPaused(desired.stage === 'PAUSE' || this.#travelsByDevice(desired))
      if (desired.stage !== 'FINAL') replicator.setUrgent(false)
    }
    if (desired.seed == null) await this.#seed.forget()
    else await this.#seed.converge(desired.seed, this.#disks)
  }

  #start(desired: DesiredSource): ReplicatedDisk[] {
    const { tap, credentials, buckets, now, migrationId, stateDirectory, lanesFromMs } = this.#options
    for (const shape of desired.disks) {
      const disk = tap.disks.find((candidate) => candidate.key === shape.key)
      if (disk === undefined || disk.sizeBytes !== shape.sizeBytes) {
        throw new Error(`Disk "${shape.key}" of ${shape.sizeBytes} bytes is not what VM "${tap.ref}" has now. Cancel this migration and plan it anew.`)
      }
    }
    return tap.disks
      .filter((disk) => desired.disks.some((shape) => shape.key === disk.key))
      .map((disk) => {
        const replicator = new DiskReplicator({
          disk: { migrationId, diskKey: disk.key, sizeBytes: disk.sizeBytes },
          tap: disk,
          credentials,
          buckets: [this.#ownBucket, ...buckets],
          tablePath: tablePathOf(stateDirectory, migrationId, disk.key),
          now,
          lanesFromMs,
        })
        replicator.start()
        return { tap: disk, replicator }
      })
  }

  /** Nothing is sent meanwhile: the target has nothing that it could be added to. */
  #travelsByDevice({ seed }: DesiredSource): boolean {
    return seed != null && (seed.step !== 'CATCH_UP' || !this.#seed.isReady(this.#disks))
  }

  /** Ends it; everything is left as it is, and taken up again by the next `converge`. */
  async stop(desired: DesiredSource): Promise<void> {
    this.#lastDisks = this.observeDisks(desired)
    this.#throttle.release()
    const stopping = this.#disks
    this.#disks = []
    const seedStopped = this.#seed.stop()
    for (const { replicator } of stopping) await replicator.stop()
    await seedStopped
  }

  /** The VM travels by device no more. */
  forgetSeed(): Promise<void> {
    return this.#seed.forget()
  }

  /** Once it has stopped: the migration is not wanted any more, and nothing of it need be known. */
  async forget(desired: DesiredSource): Promise<void> {
    const { stateDirectory, migrationId, tap } = this.#options
    await this.#seed.forget()
    for (const { key } of desired.disks) {
      await removeTable(tablePathOf(stateDirectory, migrationId, key))
      await rm(leftPathOf(tablePathOf(stateDirectory, migrationId, key)), { force: true })
    }
    for (const { key, history } of tap.disks) if (desired.disks.some((disk) => disk.key === key)) await history.forget?.()
  }

  /** Of the taps, or of the links: once there is proof the target may shut the stream out, since it boots from the replica; before, trouble counts. */
  get problem(): Problem | null {
    const ofTap = this.#options.tap.disks.find(({ problem }) => problem != null)?.problem
    return ofTap ?? this.#disks.find(({ replicator }) => replicator.problem !== null)?.replicator.problem ?? null
  }

  observeThrottle(): GuestThrottleObserved | null {
    return this.#throttle.observe()
  }

  observeSeed({ seed }: DesiredSource): SourceSeedObserved | null {
    return seed == null ? null : this.#seed.observe(seed, this.#disks)
  }

  observeDisks({ disks, stage, seed }: DesiredSource): SourceDiskObserved[] {
    const nowMs = this.#options.now()
    const travelling = seed != null && seed.step !== 'CATCH_UP'
    return disks.map((shape) => {
      const at = this.#disks.findIndex(({ replicator: { disk } }) => disk.diskKey === shape.key)
      const replicator = this.#disks[at]?.replicator ?? null
      const last = replicator === null ? this.#lastDisks.find((one) => one.key === shape.key) : undefined
      if (last !== undefined) return { ...last, status: 'STOPPED' }
      const observed = observeDisk(shape, this.#usedBytesOf(shape.key), replicator, stage, nowMs)
      return travelling && at >= 0 ? seeding(observed, this.#seed.disks?.[at] ?? null, this.#seed.begunAtMs ?? nowMs) : observed
    })
  }

  #usedBytesOf(key: string): number {
    return this.#options.tap.disks.find((disk) => disk.key === key)?.usedBytes ?? 0
  }
}

/** How the other side is reached, with what proves the two to one another. */
export function linkTarget({ target, streamKey }: DesiredSource, sourceAgentId: string): LinkTarget | null {
  if (target === null || streamKey === undefined) return target
  return { ...target, pairing: { key: streamKey, sourceAgentId, targetAgentId: target.agentId } }
}
