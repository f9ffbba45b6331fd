import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ObservedMinute } from '@driftless/agent-api'
import { OBSERVATION_SOURCES, WORKING_SET_MINUTES } from '@driftless/domain'
import type { ObservationSource } from '@driftless/domain'
import { z } from 'zod'
import { LatencyHistogram } from '../block/latency-histogram.ts'
import { BLOCK_BYTES, blockCount } from '../block/map.ts'
import { readState, writeState } from '../state-file.ts'
import { stateNameOf } from '../tap/vm-tap.ts'
import type { VmTap } from '../tap/vm-tap.ts'
import { Coverage } from './coverage.ts'
import { DiskObserver } from './disk-observer.ts'
import { stampsFor } from './map.ts'
import { LONGEST_SPAN, MinuteStamps } from './minute-stamps.ts'
import { StampsFile } from './stamps-file.ts'

/** What is saved beside the stamps, at each minute's turn and at an orderly end. */
const state = z.object({
  lengthMs: z.number().positive(),
  /** The minute that was under way, and what had been seen of it. */
  minute: z.number().int().nonnegative(),
  coveredMs: z.number().nonnegative(),
  writtenBytes: z.number().int().nonnegative(),
  source: z.enum(OBSERVATION_SOURCES),
  /** Of minutes that are over; `Coverage` has the order. */
  unseenMs: z.array(z.number().nonnegative()).length(LONGEST_SPAN),
  disks: z.array(z.object({ key: z.string(), blockCount: z.number().int(), blocksPerStamp: z.number().int().positive() })),
})
type State = z.infer<typeof state>

export interface VmObserverOptions {
  readonly tap: VmTap
  /** A folder of the VM's own. */
  readonly directory: string
  /** How long a minute is. */
  readonly lengthMs: number
  /** What the stamps of other VMs' disks take. */
  readonly takenBytes: number
  readonly now: () => number
}

/** Observes one VM: counts its minutes, and goes on where the last run of the agent ended. */
export class VmObserver {
  readonly tap: VmTap
  readonly #options: VmObserverOptions
  readonly #disks: readonly DiskObserver[]
  readonly #files: readonly StampsFile[]
  readonly #coverage: Coverage
  #minute: number
  /** From here on the present minute is seen without a break; null: it is not, now. `#carried` is what was seen of it before, or by a run before. */
  #seenFromMs: number | null
  #carried: { coveredMs: number; writtenBytes: number }
  #saving: Promise<void> = Promise.resolve()

  private constructor(options: VmObserverOptions, parts: { disks: readonly DiskObserver[]; files: readonly StampsFile[]; coverage: Coverage; minute: number; carried: { coveredMs: number; writtenBytes: number } }) {
    this.tap = options.tap
    this.#options = options
    this.#disks = parts.disks
    this.#files = parts.files
    this.#coverage = parts.coverage
    this.#minute = parts.minute
    this.#carried = parts.carried
    this.#seenFromMs = this.#allSeen ? options.now() : null
    for (const disk of this.#disks) disk.watchSight({ turned: () => this.#sighted(), missed: () => this.#forgetSeen() })
  }

  /** Starts, or goes on. Answers the minute that an earlier run was in when it ended, if it is over. */
  static async open(options: VmObserverOptions): Promise<{ observer: VmObserver; unfinished: ObservedMinute | null }> {
    const { tap, directory, lengthMs, now } = options
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const saved = await readSaved(directory)
    const minute = Math.floor(now() / lengthMs)
    // Over a longer gap, with the clock set back, or with other disks nothing of it is worth keeping.
    const usable = saved !== null && saved.lengthMs === lengthMs && saved.minute <= minute && minute - saved.minute < LONGEST_SPAN && tap.disks.length === saved.disks.length
      && tap.disks.every(({ key, sizeBytes }, index) => saved.disks[index]?.key === key && saved.disks[index]?.blockCount === blockCount(sizeBytes))
    const disks: DiskObserver[] = []
    const files: StampsFile[] = []
    let takenBytes = options.takenBytes
    try {
      for (const [index, disk] of tap.disks.entries()) {
        const known = usable ? saved.disks[index] : undefined
        const stamps = known === undefined ? stampsFor(blockCount(disk.sizeBytes), takenBytes, minute) : new MinuteStamps(known.blockCount, known.blocksPerStamp, minute)
        takenBytes += stamps.stamps.byteLength
        files.push(await StampsFile.open(stampsPath(directory, tap.ref, disk.key), stamps, known === undefined))
        disks.push(new DiskObserver(disk, stamps, now))
      }
    } catch (error) {
      for (const disk of disks) disk.close()
      for (const file of files) await file.close()
      if (usable) await rm(statePath(directory), { force: true }) // stamps that cannot be read: the next try starts anew
      throw error
    }
    const coverage = usable ? new Coverage(lengthMs, saved.minute, saved.unseenMs) : new Coverage(lengthMs, minute)
    const same = usable && saved.minute === minute
    const observer = new VmObserver(options, { disks, files, coverage, minute, carried: same ? { coveredMs: saved.coveredMs, writtenBytes: saved.writtenBytes } : { coveredMs: 0, writtenBytes: 0 } })
    // The turn of a minute while files were opened is made up for at the next.
    if (!usable || same || saved.coveredMs <= 0) return { observer, unfinished: null }
    coverage.close(saved.minute, saved.source === 'COUNTERS' ? 0 : saved.coveredMs)
    const unfinished = observer.#said({ minute: saved.minute, coveredMs: saved.coveredMs, writtenBytes: saved.writtenBytes, source: saved.source, latencyMs: null, known: false })
    coverage.skipTo(minute)
    return { observer, unfinished }
  }

  /** Once the present minute is over: what it came to. Null before. */
  turn(): ObservedMinute | null {
    const nowMs = this.#options.now()
    const { lengthMs } = this.#options
    const minute = Math.floor(nowMs / lengthMs)
    if (minute <= this.#minute) return null // also when the clock was set back: until it is later than ever before
    const { writtenBytes, source } = this.#soFar()
    const latency = new LatencyHistogram()
    for (const disk of this.#disks) latency.addAll(disk.take().latency)
    const coveredMs = this.#coveredMs((this.#minute + 1) * lengthMs)
    this.#coverage.close(this.#minute, source === 'COUNTERS' ? 0 : coveredMs)
    const said = this.#said({ minute: this.#minute, coveredMs, writtenBytes, source, latencyMs: latency.percentile(0.99), known: true })
    // Between the two nobody looked (the machine slept, or its clock was set): what was written then stands in the minute that has ended.
    this.#coverage.skipTo(minute)
    for (const { stamps } of this.#disks) stamps.turn(minute)
    this.#minute = minute
    this.#carried = { coveredMs: 0, writtenBytes: 0 }
    if (this.#seenFromMs !== null) this.#seenFromMs = minute - Math.floor(said.minuteMs / lengthMs) === 1 ? Math.max(this.#seenFromMs, minute * lengthMs) : nowMs
    return said
  }

  get #allSeen(): boolean {
    return this.#disks.every(({ seen }) => seen)
  }

  /** The tap of a disk has lost sight of its guest's writes, or sees them again. */
  #sighted(): void {
    const nowMs = this.#options.now()
    const seen = this.#allSeen
    if (seen === (this.#seenFromMs !== null)) return
    if (!seen) this.#carried = { ...this.#carried, coveredMs: this.#coveredMs(nowMs) }
    this.#seenFromMs = seen ? nowMs : null
  }

  /** Writes of the present minute may have been missed: it counts as seen from now on. */
  #forgetSeen(): void {
    this.#carried = { ...this.#carried, coveredMs: 0 }
    if (this.#seenFromMs !== null) this.#seenFromMs = this.#options.now()
  }

  get stampBytes(): number {
    return this.#disks.reduce((sum, { stamps }) => sum + stamps.stamps.byteLength, 0)
  }

  /** Makes durable what is known; one call at a time. */
  save(): Promise<void> {
    this.#saving = this.#saving.catch(() => {}).then(() => this.#saveOnce())
    return this.#saving
  }

  async close(): Promise<void> {
    for (const disk of this.#disks) disk.close()
    try {
      await this.save()
    } finally {
      for (const file of this.#files) await file.close()
    }
  }

  /** Nobody observes the VM any more: it is forgotten. */
  async forget(): Promise<void> {
    for (const disk of this.#disks) disk.close()
    await this.#saving.catch(() => {})
    for (const file of this.#files) await file.close()
    await rm(this.#options.directory, { recursive: true, force: true })
  }

  /** Stamps first: a state that says that a minute was seen must find its stamps. */
  async #saveOnce(): Promise<void> {
    const { directory, lengthMs, now } = this.#options
    const saved: State = {
      lengthMs, minute: this.#minute, coveredMs: this.#coveredMs(now()), ...this.#soFar(), unseenMs: [...this.#coverage.unseenMs],
      disks: this.#disks.map(({ tap: { key }, stamps }) => ({ key, blockCount: stamps.blockCount, blocksPerStamp: stamps.blocksPerStamp })),
    }
    for (const [index, file] of this.#files.entries()) {
      const disk = this.#disks[index]
      if (disk !== undefined) await file.save(disk.stamps)
    }
    await writeState(statePath(directory), saved)
  }

  /** What was written in the present minute, and the weakest way that any of its disks is seen. */
  #soFar(): { writtenBytes: number; source: ObservationSource } {
    const weakest = Math.max(...this.#disks.map(({ source }) => OBSERVATION_SOURCES.indexOf(source)))
    return { writtenBytes: this.#disks.reduce((sum, disk) => sum + disk.writtenBytes, this.#carried.writtenBytes), source: OBSERVATION_SOURCES[weakest] ?? 'COUNTERS' }
  }

  #coveredMs(untilMs: number): number {
    const knownUntilMs = Math.min(untilMs, ...this.#disks.map((disk) => disk.knownUntilMs))
    return Math.min(this.#options.lengthMs, this.#carried.coveredMs + (this.#seenFromMs === null ? 0 : Math.max(0, knownUntilMs - this.#seenFromMs)))
  }

  #said(counted: { minute: number; coveredMs: number; writtenBytes: number; source: ObservationSource; latencyMs: number | null; known: boolean }): ObservedMinute {
    const { lengthMs } = this.#options
    const blocksIn = (minutes: number) => this.#disks.reduce((sum, { stamps }) => sum + stamps.blocksIn(minutes), 0)
    return {
      vmRef: this.tap.ref, minuteMs: counted.minute * lengthMs, lengthSeconds: lengthMs / 1000, coveredSeconds: counted.coveredMs / 1000, source: counted.source, writtenBytes: counted.writtenBytes,
      uniqueBytes: WORKING_SET_MINUTES.map((minutes) => (counted.known && counted.source !== 'COUNTERS' && this.#coverage.knows(minutes) ? blocksIn(minutes) * BLOCK_BYTES : null)),
      blocksPerStamp: Math.max(1, ...this.#disks.map(({ stamps }) => stamps.blocksPerStamp)),
      latencyMs: counted.latencyMs,
    }
  }
}

/** Null: there is nothing of an earlier run, or it is damaged, which costs the observation its past and no more. */
async function readSaved(directory: string): Promise<State | null> {
  try {
    return await readState(statePath(directory), state)
  } catch {
    return null
  }
}

const statePath = (directory: string): string => join(directory, 'minutes.json')
const stampsPath = (directory: string, ref: string, key: string): string => join(directory, `${stateNameOf(ref, key)}.stamps`)
