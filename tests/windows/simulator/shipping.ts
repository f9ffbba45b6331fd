import { SHIPMENT_TRANSITIONS, isCarried, isShipmentLate } from '@driftless/domain'
import type { CarriedView, ShipmentStatus } from '@driftless/domain'
import type { ShipmentRow } from './rows.ts'
import { allowed } from './rules.ts'
import { StoryFailed } from './story-failed.ts'
import type { ShipmentStory } from './story.ts'
import type { Vm } from './vm.ts'
import type { World } from './world.ts'

/** Whoever waits for a lorry asks after it now and then. */
const ASKS_MS = [60_000, 120_000] as const

/**
 * The devices of a story and the hands they go through: an operator who packs, a carrier, and staff who receive and connect them, with what they
 * get wrong and take back. What agents observe moves the rest (`driveShipment`).
 */
export class Shipping {
  readonly row: ShipmentRow
  readonly #world: World
  readonly #story: ShipmentStory
  /** What is wrong at either side, until somebody has mended it. */
  #held: boolean
  #refused: boolean
  #wrongLorry: boolean
  #wrongParcel: boolean

  constructor(world: World, story: ShipmentStory) {
    this.#world = world
    this.#story = story
    this.row = { status: 'PREPARING', expectedAtMs: null, vmIds: story.vms.map((index) => `m${index}`), caughtUp: new Set() }
    this.#held = story.heldMs > 0
    this.#refused = story.refusedMs > 0
    this.#wrongLorry = story.wrongLorry
    this.#wrongParcel = story.wrongParcel
  }

  get story(): ShipmentStory {
    return this.#story
  }

  /** Nothing of this VM goes over the wire. */
  carries(vm: Vm): boolean {
    return this.row.vmIds.includes(vm.row.id) && isCarried(this.row.status)
  }

  has(vm: Vm): boolean {
    return this.row.vmIds.includes(vm.row.id)
  }

  /** The source's agent finds no room; the target's agent finds others' devices. */
  get held(): boolean {
    return this.#held
  }

  get refused(): boolean {
    return this.#refused
  }

  /** As `carriedViewOf` makes it. */
  view({ row }: Vm, nowMs: number): CarriedView | null {
    if (!this.row.vmIds.includes(row.id) || this.row.status === 'CANCELLED') return null
    return { status: this.row.status, late: this.#late(nowMs), exportProblem: row.source?.seed?.problem ?? null, importProblem: row.target?.seed?.problem ?? null }
  }

  #late(nowMs: number): boolean {
    return isShipmentLate(this.row.status, this.row.expectedAtMs, nowMs)
  }

  start(): void {
    const { timeline } = this.#world
    const { heldMs, givesUpMs } = this.#story
    this.#entered('PREPARING')
    if (heldMs > 0) timeline.in(heldMs, () => this.#mend(() => (this.#held = false)))
    if (givesUpMs !== null) timeline.in(givesUpMs, () => this.#giveUp('GIVEN UP'))
  }

  /** By a person's hand or the coordinator's step. */
  move(to: ShipmentStatus): void {
    const { status } = this.row
    if (!allowed(SHIPMENT_TRANSITIONS, status, to)) throw new StoryFailed('table', `A shipment never goes from ${status} to ${to}.`)
    this.#world.note(`the shipment ${status} → ${to}`)
    this.row.status = to
    this.#entered(to)
    this.#tell()
    this.#hands()
  }

  #entered(status: ShipmentStatus): void {
    const { coverage, faults } = this.#world
    coverage.count('shipment', status)
    for (const vm of this.#vms()) faults.entered(vm, status)
  }

  #vms(): Vm[] {
    return this.#world.vms.filter((vm) => this.has(vm))
  }

  #tell(): void {
    for (const vm of this.#vms()) {
      this.#world.told(vm)
      this.#world.wake(vm)
    }
  }

  #mend(work: () => void): void {
    work()
    for (const vm of this.#vms()) {
      this.#world.source.converge(vm)
      this.#world.target.converge(vm)
    }
  }

  /** What people do next, in their time. */
  #hands(): void {
    const { handOverMs, arrivesMs, readAfterMs, refusedMs } = this.#story
    switch (this.row.status) {
      case 'PREPARED':
        return this.#in(handOverMs, 'PREPARED', () => {
          this.row.expectedAtMs = this.#world.dbNowMs + this.#story.expectedMs
          this.move('HANDED_OVER')
        })
      case 'HANDED_OVER':
        if (this.#wrongLorry) return this.#in(readAfterMs, 'HANDED_OVER', () => this.#takeBack())
        if (arrivesMs !== null) return this.#in(arrivesMs, 'HANDED_OVER', () => this.move('RECEIVED'))
        return this.#wait()
      case 'RECEIVED':
        if (this.#wrongParcel) return this.#in(readAfterMs, 'RECEIVED', () => this.#denyReceipt())
        return this.#in(readAfterMs, 'RECEIVED', () => this.move('IMPORTING'))
      case 'IMPORTING':
        if (this.#refused) this.#in(refusedMs, 'IMPORTING', () => this.#mend(() => (this.#refused = false)))
        return
      default:
    }
  }

  #in(delayMs: number, status: ShipmentStatus, work: () => void): void {
    this.#world.timeline.in(delayMs, () => {
      if (this.row.status === status) work()
    })
  }

  #takeBack(): void {
    this.#wrongLorry = false
    this.row.expectedAtMs = null
    this.#world.coverage.count('shipment', 'TAKEN BACK FROM THE WRONG LORRY')
    this.move('PREPARED')
  }

  #denyReceipt(): void {
    this.#wrongParcel = false
    this.#world.coverage.count('shipment', 'NOT RECEIVED AFTER ALL')
    this.move('HANDED_OVER')
  }

  /** The devices are lost. Once they are late for long enough, somebody gives them up. */
  #wait(): void {
    const { dice, timeline, dbNowMs } = this.#world
    timeline.in(dice.between(...ASKS_MS), () => {
      if (this.row.status !== 'HANDED_OVER') return
      if (this.#late(dbNowMs - this.#story.patienceMs)) return this.#giveUp('LOST')
      this.#wait()
    })
  }

  #giveUp(why: string): void {
    if (!isCarried(this.row.status)) return
    this.#world.coverage.count('shipment', why)
    this.move('CANCELLED')
  }
}
