import type { Problem } from '@driftless/agent-api'
import type { BlockDevice } from '@driftless/nbd'
import type { BlockRun } from '../block/dirty-map.ts'
import type { DirtyListener } from '../block/dirty-tracking.ts'
import type { Statistics } from '../block/statistics.ts'
import type { TokenBucket } from '../block/token-bucket.ts'
import type { WriteGate } from '../block/write-gate.ts'
import type { Sight } from './sight.ts'

/**
 * How a guest's writes are seen: SERVED, the guest reaches its disk through our NBD server; MIRROR, the hypervisor copies
 * every write to a sink of ours; BITMAPS, the hypervisor remembers written blocks and is asked; CHANGED_BLOCKS, the disk
 * is looked at from one frozen moment to the next. For people and telemetry: nothing outside the adapters branches on it.
 */
export type TapKind = 'SERVED' | 'MIRROR' | 'BITMAPS' | 'CHANGED_BLOCKS'

/** A guest's disk, tapped: its writes are seen, its content can be read. */
export interface DiskTap {
  readonly key: string
  readonly sizeBytes: number
  /** What of it the hypervisor counted as used when it was tapped. */
  readonly usedBytes: number
  readonly kind: TapKind
  /** The disk's content below every filter, or as it was at the latest moment. What the replicator reads here never counts as the guest's. */
  readonly device: BlockDevice
  /** The guest's writes, as far as this tap sees them. */
  readonly statistics: Statistics
  /** Whether `statistics` are told of all writes at this time. Absent: as long as it stands, none passes it unseen. */
  readonly sight?: Sight
  /**
   * Whom to tell of changed blocks; null: nobody. Once it has resolved, every later write is told before the guest hears
   * that it is done (SERVED, MIRROR), or at the latest by the next `settle` (BITMAPS), or before `device` shows it (CHANGED_BLOCKS).
   */
  listen(listener: DirtyListener | null): Promise<void>
  /**
   * Resolves when every write that was acknowledged to the guest before the call has been told. CHANGED_BLOCKS: once the guest
   * is off; while it runs, every write that `device` shows.
   */
  settle(): Promise<void>
  /** Refuses the guest's writes, where the tap stands in their way. Used only while the guest is off. */
  freeze(frozen: boolean): void
  /**
   * Told now and then whether anybody replicates or observes the VM; not: what the tap keeps at the hypervisor may go, until somebody
   * does again or reads. Absent: it keeps nothing there that would grow.
   */
  setNeeded?(needed: boolean): void
  /** Has `device` show a moment after the call. Resolves to the bytes that were told for it, all disks of the VM together. Absent: it always shows the present. */
  refresh?(): Promise<number>
  /** Where `device` shows a moment: when that was; null: it shows the present, for the guest is off. */
  readonly shownAtMs?: number | null
  /** Why `device` cannot show a later moment, when that has failed for a while; it is tried again by itself. */
  readonly problem?: Problem | null
  /** False: the guest's writes do not go by the throttle that the tap was given. */
  readonly slows?: boolean
  /** Writes submitted and not completed, as far as seen. */
  readonly pendingWrites: number
  readonly history: WriteHistory
  /** The guest's writes go through the gate that the tap was given, so that a moment of all disks can be marked. */
  readonly gated?: boolean
  /**
   * Opens the disk to be written to while its guest is off, so that what its shadow VM writes can be taken back; closed before the
   * guest is powered on. Rejects with why that cannot be. Absent: the tap has no way to.
   */
  readonly takeBack?: (() => Promise<BlockDevice>) | undefined
  /** Detaches. The VM runs on. */
  close(): Promise<void>
}

/** What may differ from the target's replica, remembered over kills of the agent. An epoch names a replica's content history. */
export interface WriteHistory {
  /** What changed since everything was known to be at the target; null: nobody knows, hashes must decide. */
  recall(epoch: string): Promise<readonly BlockRun[] | null>
  /** A new epoch: forgets what was, and remembers every write from now on. */
  begin(epoch: string): Promise<void>
  /** Seals what was written until now. The returned function is called when all of it is durable at the target: it is then forgotten. */
  seal(): Promise<() => Promise<void>>
  /** The migration has ended: nothing need be remembered any more. */
  forget?(): Promise<void>
  /**
   * On: from the next `begin` or `seal` on a kill of the agent shall cost no more than the blocks that were written, at a small cost
   * for each write. Absent: the tap remembers by its own units, whatever befalls the agent.
   */
  finely?(on: boolean): void
}

/** What an adapter is given to tap a disk with. */
export interface TapOptions {
  /** Caps the guest's writes, all disks of the VM together. */
  readonly throttle: TokenBucket
  /** Holds the guest's writes for a moment, all disks of the VM together; absent: they never are. */
  readonly gate?: WriteGate
  /** A path, unique to the disk, that the tap may keep a file of its own at. */
  readonly statePath: string
}

/** The history of a tap that remembers nothing: after a restart hashes decide. */
export const noHistory: WriteHistory = {
  recall: () => Promise.resolve(null),
  begin: () => Promise.resolve(),
  seal: () => Promise.resolve(() => Promise.resolve()),
}
