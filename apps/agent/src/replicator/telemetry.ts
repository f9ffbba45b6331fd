import type { TelemetrySample } from '@driftless/agent-api'
import { LatencyHistogram } from '../block/latency-histogram.ts'
import { backgroundOf, behindSince } from './disk-observation.ts'
import type { SourceMigration } from './source-migration.ts'
import type { VmTap } from '../tap/vm-tap.ts'

/** Samples kept while the gateway is away: 20 VMs for about 15 minutes. Older ones give way. */
const MAX_SAMPLES = 10_000

interface Totals {
  atMs: number
  background: number
  foreground: number
}

/** Makes one sample a VM and interval, and keeps them until a report takes them along. */
export class Telemetry {
  readonly #now: () => number
  readonly #before = new Map<string, Totals>()
  #samples: TelemetrySample[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** Takes the interval's counts of every tapped VM; a sample is made of those that migrate or are observed. */
  tick(taps: Iterable<VmTap>, migrations: Iterable<SourceMigration>, observed: ReadonlySet<string>): void {
    const byRef = new Map<string, SourceMigration>()
    for (const migration of migrations) byRef.set(migration.tap.ref, migration)
    for (const tap of taps) {
      const migration = byRef.get(tap.ref) ?? null
      const wanted = migration !== null || observed.has(tap.ref)
      const sample = this.#sample(tap, migration)
      for (const disk of tap.disks) disk.statistics.countPages(wanted)
      if (wanted && sample !== null) this.#samples.push(sample)
    }
    if (this.#samples.length > MAX_SAMPLES) this.#samples.splice(0, this.#samples.length - MAX_SAMPLES)
  }

  /** Hands over what was gathered. Give it back with `restore` when it could not be delivered. */
  take(): TelemetrySample[] {
    const taken = this.#samples
    this.#samples = []
    return taken
  }

  restore(samples: TelemetrySample[]): void {
    this.#samples = [...samples, ...this.#samples].slice(-MAX_SAMPLES)
  }

  #sample(tap: VmTap, migration: SourceMigration | null): TelemetrySample | null {
    const atMs = this.#now()
    const latency = new LatencyHistogram()
    let writtenBytes = 0
    let uniqueBytes = 0
    for (const disk of tap.disks) {
      const interval = disk.statistics.takeInterval()
      writtenBytes += interval.writtenBytes
      uniqueBytes += interval.uniqueBytes
      latency.addAll(interval.latency)
    }
    const totals: Totals = { atMs, background: 0, foreground: 0 }
    let backlogBytes = 0
    let lagSeconds = 0
    for (const replicator of migration?.replicators ?? []) {
      const { sync } = replicator
      totals.background += replicator.backgroundSentBytes
      totals.foreground += sync.foregroundDoneBytes
      const background = backgroundOf(sync, tap.disks.find((disk) => disk.key === replicator.disk.diskKey)?.usedBytes ?? 0)
      backlogBytes += sync.foregroundLeftBytes + background.total - background.done
      const sinceMs = behindSince(sync, replicator.shownAtMs)
      if (sinceMs !== null) lagSeconds = Math.max(lagSeconds, (atMs - sinceMs) / 1000)
    }
    const before = this.#before.get(tap.ref)
    this.#before.set(tap.ref, totals)
    const intervalSeconds = (atMs - (before?.atMs ?? atMs)) / 1000
    if (before === undefined || intervalSeconds <= 0) return null
    return {
      vmRef: tap.ref,
      migrationId: migration?.desired.migrationId ?? null,
      atMs,
      intervalSeconds,
      backgroundBytesPerSecond: Math.max(0, totals.background - before.background) / intervalSeconds,
      foregroundBytesPerSecond: Math.max(0, totals.foreground - before.foreground) / intervalSeconds,
      backlogBytes,
      lagSeconds: Math.max(0, lagSeconds),
      guestWriteBytesPerSecond: writtenBytes / intervalSeconds,
      uniqueWriteBytes: uniqueBytes,
      guestWriteLatencyMs: latency.percentile(0.99),
    }
  }
}
