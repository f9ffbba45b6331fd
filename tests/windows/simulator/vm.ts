import { convergence } from '@driftless/domain'
import type { LinkSample } from '@driftless/domain'
import { Machine, copyOf } from './machine.ts'
import type { Disk } from './machine.ts'
import type { MigrationRow } from './rows.ts'
import type { VmStory } from './story.ts'
import type { World } from './world.ts'

/** A guest acknowledges one record a second; its churn says how many bytes that changes. */
const RECORDS_A_SECOND = 1
/** Comparing by hash is so much quicker than sending. */
const COMPARED_SHARE = 0.02
/** What the agent samples: every two seconds, for half a minute. */
const SAMPLE_SECONDS = 2
const SAMPLES = 8

/** One VM: its machines and disks at both sides, and its row. */
export class Vm {
  readonly story: VmStory
  readonly index: number
  readonly row: MigrationRow
  readonly source: Machine
  readonly sourceDisk: Disk = { branch: 'a', records: 0, flipped: false, unseen: false }
  readonly shadow: Machine
  /** What the shadow VM found out about itself since it was last powered on; null: there is none. */
  shadowState: { health: 'UNKNOWN' | 'HEALTHY' | 'BROKEN'; sequenceAtBoot: number | null; wrote: boolean } | null = null
  /** Once the target has made it; gone only when it was discarded. */
  replica: { holder: 'STREAM' | 'SHADOW'; bootedAttempt: number | null; acceptedAtMs: number | null; readonly disk: Disk; /** As it was when the shadow VM first started. */ atBoot: Disk | null } | null = null
  discarded = false
  backgroundLeftBytes: number
  foregroundLeftBytes = 0
  comparing = false
  behindSinceMs: number
  /** Devices carry, or will, what its replica lacks. */
  seedAway = false
  /** What the shadow VM wrote and the source has not; only while the source follows it. */
  backwardLeftBytes = 0
  /** Where the VM lives, and all that it has acknowledged to its users there. */
  home: 'SOURCE' | 'TARGET' = 'SOURCE'
  must: Disk
  refusalsLeft: number
  brokenLeft: number
  lie: VmStory['lie']
  #settledMs: number
  readonly #world: World

  constructor(world: World, story: VmStory, index: number, row: MigrationRow) {
    this.#world = world
    this.story = story
    this.index = index
    this.row = row
    this.backgroundLeftBytes = story.sizeBytes
    this.behindSinceMs = world.nowMs
    this.must = copyOf(this.sourceDisk)
    this.refusalsLeft = story.refusals
    this.brokenLeft = story.broken
    this.lie = story.lie
    this.#settledMs = world.nowMs
    const hooks = { in: (delayMs: number, work: () => void) => world.timeline.in(delayMs, work), settle: () => this.settle() }
    this.source = new Machine({ ...hooks, changed: () => world.machineChanged(this, 'SOURCE') })
    this.shadow = new Machine({ ...hooks, changed: () => world.machineChanged(this, 'TARGET') })
    this.source.power = 'ON'
  }

  get shareBytesPerSecond(): number {
    const { link, vms } = this.#world
    return link.bytesPerSecond / vms.length
  }

  get churnBytesPerSecond(): number {
    const hours = (this.#world.nowMs - this.#world.startMs) / 3_600_000
    return this.story.churnBytesPerSecond * (1 + this.story.growthAnHour * hours)
  }

  get forwardConnected(): boolean {
    return this.#world.source.streams(this) && this.#world.target.receives(this) && this.#world.linkUp
  }

  get backwardConnected(): boolean {
    return this.#world.source.takesBack(this) && this.#world.target.sendsBack(this) && this.#world.linkUp
  }

  get inStep(): boolean {
    return this.backgroundLeftBytes === 0 && this.foregroundLeftBytes === 0
  }

  /** Lets the time since the last look pass, during which nothing changed: guests wrote, and the streams sent. Called before anything changes. */
  settle(): void {
    const seconds = (this.#world.nowMs - this.#settledMs) / 1000
    if (seconds <= 0) return
    this.#settledMs = this.#world.nowMs
    const records = seconds * RECORDS_A_SECOND
    const { replica } = this
    if (this.source.running) this.sourceDisk.records += records
    if (this.shadow.running && replica !== null) replica.disk.records += records
    this.#forward(seconds)
    this.#backward(seconds)
    if (this.home === 'SOURCE' && this.source.running) this.must = copyOf(this.sourceDisk)
    if (this.home === 'TARGET' && this.shadow.running && replica !== null) this.must = copyOf(replica.disk)
  }

  #forward(seconds: number): void {
    const written = this.source.running ? this.churnBytesPerSecond * seconds : 0
    this.foregroundLeftBytes += written
    const sends = this.forwardConnected && !this.#world.source.isPaused(this)
    if (!sends) return
    let room = this.shareBytesPerSecond * seconds
    const first = Math.min(this.backgroundLeftBytes, this.foregroundLeftBytes > 0 ? room / 2 : room)
    this.backgroundLeftBytes -= first
    room -= first
    this.foregroundLeftBytes = Math.max(0, this.foregroundLeftBytes - room)
    if (this.backgroundLeftBytes > 0 || this.replica === null) return
    this.comparing = false
    if (this.foregroundLeftBytes > 0) return
    this.behindSinceMs = this.#world.nowMs
    Object.assign(this.replica.disk, this.sourceDisk, { flipped: this.lie === 'BIT_FLIPPED', unseen: this.replica.disk.unseen })
  }

  #backward(seconds: number): void {
    if (this.replica === null) return
    if (this.shadow.running) this.backwardLeftBytes += this.churnBytesPerSecond * seconds
    if (!this.backwardConnected) return
    this.backwardLeftBytes = Math.max(0, this.backwardLeftBytes - this.shareBytesPerSecond * seconds)
    if (this.backwardLeftBytes === 0) Object.assign(this.sourceDisk, this.replica.disk)
  }

  /** From its export's first moment on its writes are remembered, and nothing of it is sent. */
  beginSeed(): void {
    this.settle()
    Object.assign(this, { seedAway: true, backgroundLeftBytes: this.story.sizeBytes, foregroundLeftBytes: 0 })
  }

  /** What was damaged on the way comes over the wire, with what was written meanwhile. */
  importSeed(damagedShare: number): void {
    this.settle()
    Object.assign(this, { seedAway: false, backgroundLeftBytes: this.story.sizeBytes * damagedShare })
  }

  /** No device brings anything any more: all of it goes over the wire, from its beginning. */
  giveSeedUp(): void {
    this.settle()
    Object.assign(this, { seedAway: false, backgroundLeftBytes: this.story.sizeBytes, foregroundLeftBytes: 0 })
  }

  /** Source and replica have gone different ways: all is compared by hash, and what differs is sent. */
  compareAnew(): void {
    this.settle()
    this.comparing = true
    this.backgroundLeftBytes = this.story.sizeBytes * COMPARED_SHARE
    // What hid the difference is gone with it.
    if (this.lie === 'WRITE_UNSEEN' || this.lie === 'BIT_FLIPPED') this.lie = 'NONE'
    this.sourceDisk.unseen = false
    if (this.replica !== null) this.replica.disk.unseen = false
    if (this.home === 'SOURCE') this.must.unseen = false
  }

  /** By the product's own rule, from what the agent's samples would say at these rates. */
  convergence(): ReturnType<typeof convergence> {
    this.settle()
    if (!this.forwardConnected || this.#world.source.isPaused(this)) return null
    // In step, and known to be: the rule's answer would be the same, and this is asked most often.
    if (this.inStep && !this.row.notConverging) return null
    const writes = this.source.running ? this.churnBytesPerSecond : 0
    const busy = this.backgroundLeftBytes > 0
    const drained = busy || this.foregroundLeftBytes > 0 ? this.shareBytesPerSecond : Math.min(writes, this.shareBytesPerSecond)
    const background = busy ? drained / 2 : 0
    const grows = writes - drained
    const backlog = this.foregroundLeftBytes + this.backgroundLeftBytes
    const { nowMs } = this.#world
    const samples = Array.from({ length: SAMPLES }, (_, index): LinkSample => {
      const agoSeconds = (SAMPLES - 1 - index) * SAMPLE_SECONDS
      return {
        atMs: nowMs - agoSeconds * 1000, intervalSeconds: SAMPLE_SECONDS, backgroundBytesPerSecond: background, foregroundBytesPerSecond: drained - background,
        backlogBytes: Math.max(0, backlog - grows * agoSeconds), lagSeconds: (nowMs - this.behindSinceMs) / 1000, guestWriteBytesPerSecond: writes, uniqueWriteBytes: writes * SAMPLE_SECONDS,
      }
    })
    return convergence(samples, this.row.notConverging)
  }
}
