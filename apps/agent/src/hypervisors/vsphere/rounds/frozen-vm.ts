import { VimError } from '@driftless/vim25'
import type { BlockDevice } from '@driftless/nbd'
import type { Notice, Problem } from '@driftless/agent-api'
import type { BlockRun } from '../../../block/dirty-map.ts'
import { Waiter, sleep } from '../../../sleep.ts'
import { ALLOCATED, bytesIn, changedAreas } from './changed-areas.ts'
import { roundDisk } from './round-disk.ts'
import type { RoundDisk } from './round-disk.ts'
import { dueInMs } from './round-schedule.ts'
import { isMarkLost } from './snapshot-cycle.ts'
import type { Moment, SnapshotCycle } from './snapshot-cycle.ts'
import type { VCenter } from '../connection/vcenter.ts'
import type { DiskFacts, VmFacts } from '../inventory/vm-facts.ts'

/** Whether a round is due is looked at this often, and whenever a copy has caught up. */
const LOOK_MS = 10_000
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 30_000
const MOST_NOTICES = 20
/** One failure is not worth anybody's time. */
const TELL_AFTER_FAILURES = 2

export interface FrozenVmOptions {
  readonly vcenter: Pick<VCenter, 'use'>
  readonly vm: VmFacts
  readonly cycle: Pick<SnapshotCycle, 'look' | 'take' | 'drop'>
  /** Between two rounds at least. */
  readonly leastRoundMs: number
  /** Opens a disk as it stood still at a moment. */
  readonly openReader: (disk: DiskFacts) => Promise<BlockDevice>
}

/**
 * A VM, looked at by moments: each round takes a new snapshot, tells what changed since the last, and shows the disks as
 * they are in it. All disks of the VM share the rounds.
 *
 *   hide the disks ▸ remove the old snapshot, wait until it is merged ▸ snapshot ▸ changed areas, told ▸ show the disks
 *
 * A round that fails is taken up where it failed; meanwhile reads wait. Nothing in it depends on the steps before having
 * been seen to succeed: vCenter may be started anew at any point.
 */
export class FrozenVm {
  readonly disks: ReadonlyMap<number, RoundDisk>
  readonly #options: FrozenVmOptions
  readonly #stop = new AbortController()
  #moment: Moment | null = null
  /** Nobody replicates, observes or reads the VM. */
  #resting = false
  /** Counts the wishes for a new moment, and those that the moment of now was taken after. */
  #wished = 0
  #served = 0
  #round: Promise<void> | null = null
  #running: Promise<void> = Promise.resolve()
  #lastRoundMs = 0
  #toldBytes = 0
  /** Of the last round; and how many failed in a row. */
  #failure: Error | null = null
  #failures = 0
  readonly #notices: Notice[] = []
  readonly #waiter = new Waiter()

  constructor(options: FrozenVmOptions) {
    this.#options = options
    this.disks = new Map(options.vm.disks.map((disk) => [disk.deviceKey, roundDisk(disk)]))
    for (const { device } of this.disks.values()) device.onWanted(() => this.#wakeUp())
  }

  /** Takes the first moment; rejects with why it cannot be had. From then on rounds follow by themselves. */
  async open(): Promise<void> {
    await this.refresh()
    this.#running = this.#keepGoing(this.#stop.signal)
  }

  get vm(): VmFacts {
    return this.#options.vm
  }

  /** What happened that people should know of, oldest first. */
  get notices(): readonly Notice[] {
    return this.#notices
  }

  /** Why there is no new moment, once several tries have failed. */
  get problem(): Problem | null {
    if (this.#failure === null || this.#failures < TELL_AFTER_FAILURES) return null
    return { code: 'NO_NEW_MOMENT', message: `No new snapshot of ${this.vm.name} can be taken or read: ${this.#failure.message}`.slice(0, 500) }
  }

  /** The moment that the disks show; null between two. */
  get moment(): Moment | null {
    return this.#moment
  }

  /** The VM was seen on, or is about to be: what its disks showed while it was off is no longer all. */
  noteOn(): void {
    if (this.#moment?.whileOff === true) this.#moment = { ...this.#moment, whileOff: false }
  }

  /** What the VM wrote to a disk, as its host counted it. */
  noteWrites(deviceKey: number, writtenBytes: number, latencyMs: number | null): void {
    const disk = this.disks.get(deviceKey)
    if (disk === undefined) return
    disk.counted = true
    disk.statistics.note(writtenBytes, null, latencyMs)
  }

  /** The VM is off: nobody writes. */
  noteIdle(): void {
    for (const { statistics } of this.disks.values()) statistics.note(0, null, null)
  }

  /** A disk's copy has caught up with the moment of now: another may follow. */
  noteDurable(disk: RoundDisk): void {
    disk.durable = true
    this.#waiter.wake()
  }

  /** Takes a moment that begins after the call. Resolves to the bytes that were told with it, all disks together. */
  async refresh(): Promise<number> {
    this.#wished += 1
    const mine = this.#wished
    while (this.#served < mine || !this.#allShown) await this.#startRound()
    return this.#toldBytes
  }

  /**
   * Whether anybody replicates or observes the VM. Else its snapshot goes: it would grow for nothing. Whoever reads all the same has a
   * new one taken.
   */
  setNeeded(needed: boolean): void {
    if (needed) return this.#wakeUp()
    if (this.#resting) return
    this.#resting = true
    // What cannot be removed now is removed when the VM is let go of.
    this.whileHidden(() => this.#options.cycle.drop(this.#stop.signal)).catch(() => {})
  }

  #wakeUp(): void {
    if (!this.#resting) return
    this.#resting = false
    this.refresh().catch(() => {}) // tried again by itself
  }

  get #allShown(): boolean {
    return [...this.disks.values()].every(({ shown }) => shown)
  }

  /** Does something for which nobody may have the disks open, such as powering the VM on; a new moment follows. */
  async whileHidden(work: () => Promise<void>): Promise<void> {
    while (this.#round !== null) await this.#round.catch(() => {})
    this.#round = this.#hideAll().then(work).finally(() => {
      this.#round = null
      this.#waiter.wake()
    })
    await this.#round
  }

  /**
   * Everything that was written before the call has been told, if the VM is off; while it runs, everything that the disks
   * show: what is written later shows with the next moment.
   */
  async settle(): Promise<void> {
    if (this.#resting) return
    const { power } = await this.#options.cycle.look()
    if (power === 'ON') return this.noteOn()
    if (this.#moment?.whileOff !== true || !this.#allShown) await this.refresh()
  }

  /** What changed on a disk from a moment of an earlier life until the one of now; null: nobody knows. */
  async changesSince(disk: RoundDisk, changeId: string): Promise<BlockRun[] | null> {
    await this.#round?.catch(() => {})
    const moment = this.#moment
    return moment === null ? null : this.#changes(moment, disk, changeId)
  }

  /** Ends the rounds and removes what they need: snapshot, attached disks. The VM runs on. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('The VM is no longer looked at.'))
    await this.#running
    await this.#round?.catch(() => {})
    await this.#hideAll()
    for (const { device } of this.disks.values()) await device.close()
    // A snapshot that cannot be removed now is removed by `Leftovers`, or by the next who taps this VM.
    await this.#options.cycle.drop(AbortSignal.timeout(LONGEST_RETRY_MS)).catch(() => {})
  }

  #startRound(): Promise<void> {
    this.#round ??= this.#advance(this.#stop.signal).finally(() => {
      this.#round = null
    })
    return this.#round
  }

  async #advance(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const startMs = performance.now()
    try {
      if (this.#served < this.#wished) {
        await this.#hideAll()
        const serving = this.#wished
        this.#moment = await this.#options.cycle.take(signal)
        this.#served = serving
        this.#toldBytes = 0
        for (const disk of this.disks.values()) disk.durable = false
      }
      for (const disk of this.disks.values()) if (!disk.shown) await this.#show(disk)
      this.#failure = null
      this.#failures = 0
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error))
      this.#failures += 1
      this.#waiter.wake() // it is tried again by itself, whoever asked for it
      throw error
    } finally {
      this.#lastRoundMs = performance.now() - startMs
    }
  }

  async #hideAll(): Promise<void> {
    for (const disk of this.disks.values()) {
      disk.shown = false
      const reader = await disk.device.hide()
      await reader?.close()
    }
  }

  /** Tells what changed on the disk up to the moment, then shows it. In this order: what is read was told. */
  async #show(disk: RoundDisk): Promise<void> {
    const moment = this.#moment
    const facts = moment?.disks.get(disk.deviceKey)
    if (moment === null || facts === undefined) throw new Error(`Disk ${disk.deviceKey} of ${this.vm.name} is gone. Cancel its migration and plan it anew.`)
    if (facts.sizeBytes !== disk.device.sizeBytes) throw new Error(`${facts.label} of ${this.vm.name} was resized. Cancel its migration and plan it anew.`)
    const runs = disk.changeId === null ? null : await this.#changes(moment, disk, disk.changeId)
    if (runs === null) disk.device.know(facts.changeId === null ? null : await this.#changes(moment, disk, ALLOCATED))
    else disk.device.changed(runs)
    const reader = await this.#options.openReader(facts)
    if (runs === null && disk.seen) this.#lost(disk, 'TRACKING_LOST', `vCenter no longer knows what changed on ${facts.label}: tracking was reset, as a storage vMotion, a restored snapshot or an extension of the disk does. The disk is compared whole with its replica.`)
    for (const run of runs ?? []) disk.listener?.mark(run.first, run.end)
    disk.changeId = facts.changeId
    this.#toldBytes += runs === null ? disk.device.sizeBytes : bytesIn(runs)
    disk.statistics.note(disk.counted ? 0 : bytesIn(runs ?? []), runs, null)
    disk.device.show(reader)
    disk.shown = disk.seen = true
    await this.#sample(disk, facts, runs)
  }

  /** Null when the server does not know any more. */
  async #changes(moment: Moment, { deviceKey, device }: RoundDisk, since: string): Promise<BlockRun[] | null> {
    try {
      return await this.#options.vcenter.use((vim) => changedAreas(vim, { vm: this.vm.moref, snapshot: moment.snapshot, deviceKey, since, sizeBytes: device.sizeBytes }, this.#stop.signal))
    } catch (error) {
      if (isMarkLost(error)) return null
      throw error
    }
  }

  async #sample(disk: RoundDisk, { label }: DiskFacts, runs: readonly BlockRun[] | null): Promise<void> {
    if (runs === null) disk.sample.forget()
    const at = await disk.sample.check(runs ?? [])
    if (at === null) return
    disk.sample.forget()
    this.#lost(disk, 'TRACKING_WRONG', `Byte ${at} of ${label} changed although changed block tracking says that it did not. The disk is compared whole with its replica. Look up VMware KB 317933 and the patches of the host.`)
  }

  #lost(disk: RoundDisk, code: string, message: string): void {
    this.#notices.push({ code, message: message.slice(0, 500), atMs: Date.now() })
    this.#notices.splice(0, this.#notices.length - MOST_NOTICES)
    disk.listener?.lost()
    disk.sight.missed()
  }

  async #keepGoing(signal: AbortSignal): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    while (!signal.aborted) {
      try {
        await this.#untilDue(signal)
        if (this.#failure === null) this.#wished += 1 // else the round that failed is taken up again
        await this.#startRound()
        retryMs = FIRST_RETRY_MS
      } catch (error) {
        if (signal.aborted || (error instanceof VimError && error.code === 'CLOSED')) return
        await sleep(retryMs, signal).catch(() => {})
        retryMs = Math.min(LONGEST_RETRY_MS, 2 * retryMs)
      }
    }
  }

  /** At once after a failure, or when something was hidden; else see `round-schedule.ts`. */
  async #untilDue(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#resting) {
        await this.#waiter.wait(LOOK_MS, signal)
        continue
      }
      const moment = this.#moment
      if (moment === null || this.#failure !== null || !this.#allShown) return
      const disks = [...this.disks.values()]
      const waitMs = dueInMs({
        ageMs: Date.now() - moment.atMs,
        leastRoundMs: this.#options.leastRoundMs,
        lastRoundMs: this.#lastRoundMs,
        replicated: disks.some(({ listener }) => listener !== null),
        caughtUp: disks.every(({ durable, listener }) => durable || listener === null),
        whileOff: moment.whileOff,
      })
      if (waitMs === 0) return
      await this.#waiter.wait(Math.min(waitMs, LOOK_MS), signal)
    }
  }
}
