import type { SourceDiskObserved } from '@driftless/agent-api'
import { BLOCK_BYTES } from '../block/map.ts'
import type { DiskReplicator } from './disk-replicator.ts'
import type { SyncState } from './sync-state.ts'

/** No progress for this long with something to send: a person should look. */
const STALLED_AFTER_MS = 15_000

/** The target lagging longer than this is worth its own word. */
const BACKLOG_AFTER_MS = 15_000

type Status = SourceDiskObserved['status']

/** The facts that a disk's status is decided from. */
export interface DiskFacts {
  stage: string
  everConnected: boolean
  connected: boolean
  sweepComplete: boolean
  sweepMode: 'FRESH' | 'COMPARE'
  clean: boolean
  sinceProgressMs: number
  behindMs: number
}

/** The one place where a disk's replication status is decided. */
export function diskStatus(facts: DiskFacts): Status {
  if (facts.stage === 'STOP' || facts.stage === 'RELEASE') return 'STOPPED'
  if (facts.stage === 'PAUSE') return 'PAUSED'
  if (!facts.connected) return facts.everConnected ? 'DISCONNECTED' : 'INITIATING'
  if (!facts.clean && facts.sinceProgressMs > STALLED_AFTER_MS) return 'STALLED'
  if (!facts.sweepComplete) return facts.sweepMode === 'FRESH' ? 'INITIAL_SYNC' : 'RESYNC'
  return facts.behindMs > BACKLOG_AFTER_MS ? 'BACKLOG' : 'CONTINUOUS'
}

/**
 * How far the first copy is, in bytes that hold data. Beforehand nobody knows how many there are: what the hypervisor
 * counts as used stands for them, and something is always left until the sweep is durable.
 */
export function backgroundOf({ sweptDataBytes, sweepComplete, sizeBytes }: SyncState, usedBytes: number): { done: number; total: number } {
  if (sweepComplete) return { done: sweptDataBytes, total: sweptDataBytes }
  return { done: sweptDataBytes, total: Math.min(Math.max(usedBytes, sweptDataBytes + BLOCK_BYTES), Math.max(sizeBytes, sweptDataBytes + BLOCK_BYTES)) }
}

/** What is reported of one disk; `replicator` null while nothing is replicated (stopped, released). */
export function observeDisk(disk: { key: string; sizeBytes: number }, usedBytes: number, replicator: DiskReplicator | null, stage: string, nowMs: number): SourceDiskObserved {
  if (replicator === null) {
    const status = stage === 'STOP' || stage === 'RELEASE' ? 'STOPPED' : 'INITIATING'
    return { key: disk.key, sizeBytes: disk.sizeBytes, status, backgroundDoneBytes: 0, backgroundTotalBytes: Math.max(usedBytes, BLOCK_BYTES), foregroundDoneBytes: 0, foregroundLeftBytes: 0, sentBytes: 0, behindSinceMs: null }
  }
  const { sync } = replicator
  const background = backgroundOf(sync, usedBytes)
  const behindSinceMs = behindSince(sync, replicator.shownAtMs)
  return {
    key: disk.key,
    sizeBytes: disk.sizeBytes,
    status: diskStatus({
      stage,
      everConnected: replicator.everConnected,
      connected: replicator.connected,
      sweepComplete: sync.sweepComplete,
      sweepMode: sync.sweepMode,
      clean: sync.isClean,
      sinceProgressMs: nowMs - replicator.lastProgressMs,
      behindMs: sync.behindSinceMs === null ? 0 : nowMs - sync.behindSinceMs,
    }),
    backgroundDoneBytes: background.done,
    backgroundTotalBytes: background.total,
    foregroundDoneBytes: sync.foregroundDoneBytes,
    foregroundLeftBytes: sync.foregroundLeftBytes,
    sentBytes: replicator.sentBytes,
    verifiedBytes: replicator.table.knownBytes,
    divergences: replicator.verify.divergences,
    behindSinceMs,
  }
}

/** A disk while it travels by device: how far its export is takes the place of the first copy's progress. Null: not known at this moment. `sinceMs`: the target has nothing of it since. */
export function seeding(observed: SourceDiskObserved, progress: { readonly doneBytes: number; readonly totalBytes: number } | null, sinceMs: number): SourceDiskObserved {
  const { doneBytes, totalBytes } = progress ?? { doneBytes: 0, totalBytes: observed.backgroundTotalBytes }
  return { ...observed, status: 'SEEDING', backgroundDoneBytes: doneBytes, backgroundTotalBytes: Math.max(totalBytes, doneBytes), behindSinceMs: Math.min(observed.behindSinceMs ?? sinceMs, sinceMs) }
}

/** Since when the target lacks something: what is known to be, or may have been written since the moment that the disk is read at. */
export function behindSince({ behindSinceMs }: Pick<SyncState, 'behindSinceMs'>, shownAtMs: number | null): number | null {
  if (behindSinceMs === null || shownAtMs === null) return behindSinceMs ?? shownAtMs
  return Math.min(behindSinceMs, shownAtMs)
}
