import { cutoverOrderEndsMs } from '@driftless/domain'
import type { DesiredSource, DesiredTarget } from '@driftless/agent-api'
import { isReturnOver } from '@driftless/domain'
import type { CutoverStatus, ReturnStatus } from '@driftless/domain'
import type { Order } from '@driftless/orders'
import { Coordinator } from './coordinator.ts'
import type { Coverage } from './coverage.ts'
import { Dice } from './dice.ts'
import { Faults } from './faults.ts'
import { Invariants } from './invariants.ts'
import { copyOf, isSame } from './machine.ts'
import { People } from './people.ts'
import { latest } from './rows.ts'
import type { BookingRow, Ledger, MigrationRow, SourceReport, TargetReport } from './rows.ts'
import type { Rules } from './rules.ts'
import { SOURCE_ID, SourceAgent } from './source-agent.ts'
import type { Story } from './story.ts'
import { Shipping } from './shipping.ts'
import { StoryFailed } from './story-failed.ts'
import { TARGET_ID, TargetAgent } from './target-agent.ts'
import { Timeline } from './timeline.ts'
import { Vm } from './vm.ts'

export type Side = 'SOURCE' | 'TARGET'
type Report = { readonly source: SourceReport | null; readonly target: TargetReport | null }

const START_MS = Date.UTC(2026, 10, 30, 20)

/**
 * MAP. One story's world: its clock, what stands in its database, and the programs and machines around it.
 *
 *   Story (`story`)            what is agreed, what machines are like and what goes wrong, from a seed
 *   World                      owns all of the below, carries reports up and desired states down, late or not at all
 *     ├─ Timeline (`timeline`) the virtual clock
 *     ├─ Vm (`vm`), Machine    a VM at both sides: power, disks, what is left to send
 *     ├─ SourceAgent, TargetAgent   converge to what they hear, by the agents' own rule of orders
 *     ├─ Coordinator           reads rows, asks the product's rules, writes through its tables
 *     ├─ Shipping              devices that carry first copies, and the hands they go through
 *     ├─ People                book, decide, approve, change their minds
 *     ├─ Faults                what goes wrong, when
 *     └─ Invariants            what must hold, looked at behind every event
 *   Rules (`rules`)            the product's own; `mutants` has them wrong, one at a time
 *   Coverage                   what really happened
 */
export class World {
  readonly story: Story
  readonly rules: Rules
  readonly coverage: Coverage
  readonly dice: Dice
  readonly timeline = new Timeline(START_MS)
  readonly startMs = START_MS
  readonly vms: readonly Vm[]
  readonly bookings: BookingRow[] = []
  readonly ledger: Ledger = { keys: new Set(), entries: [] }
  readonly link: { bytesPerSecond: number; cuts: number }
  /** Who reaches no gateway, though alive. */
  readonly mute = new Set<Side>()
  readonly source: SourceAgent
  readonly target: TargetAgent
  readonly coordinator: Coordinator
  readonly people: People
  /** Null: all goes over the wire. */
  readonly shipping: Shipping | null
  readonly faults: Faults
  readonly invariants: Invariants
  readonly log: string[] = []
  paused = false
  planVersion = 1
  #clockOffsetMs = 0
  /** In the database: when each agent was last heard of, by its clock. */
  readonly #contactMs: Record<Side, number | null> = { SOURCE: null, TARGET: null }
  readonly #reporting = new Set<string>()

  constructor(story: Story, rules: Rules, coverage: Coverage) {
    this.story = story
    this.rules = rules
    this.coverage = coverage
    this.dice = new Dice(story.seed + 1_000_000)
    this.link = { bytesPerSecond: story.linkBytesPerSecond, cuts: 0 }
    this.invariants = new Invariants(this)
    this.source = new SourceAgent(this)
    this.target = new TargetAgent(this)
    this.coordinator = new Coordinator(this)
    this.faults = new Faults(this)
    this.vms = story.vms.map((vm, index) => new Vm(this, vm, index, this.#row(index)))
    this.people = new People(this)
    this.shipping = story.shipment && new Shipping(this, story.shipment)
  }

  #row(index: number): MigrationRow {
    const vm = this.story.vms[index]
    const moment = vm?.momentMs ?? null
    return {
      id: `m${index}`, position: index, dependsOnIds: (vm?.dependsOn ?? []).map((other) => `m${other}`), apartGroup: vm?.apartGroup ?? null,
      cutoverAtMs: moment === null ? null : START_MS + this.story.firstWindow.inMs + moment,
      status: 'ASSESSED', resumeStatus: null, waitReason: null, waitDetail: null, cutoverRequested: false, validationEndsAtMs: null, wayBack: false, acceptAsked: false, notConverging: false, everReady: false,
      attempts: [], returns: [], orders: [], source: null, sourceAtMs: null, target: null, targetAtMs: null,
    }
  }

  get nowMs(): number {
    return this.timeline.nowMs
  }

  /** The database's clock, which is put right now and then. */
  get dbNowMs(): number {
    return this.nowMs + this.#clockOffsetMs
  }

  get planHash(): string {
    return `plan ${this.planVersion}`
  }

  get linkUp(): boolean {
    return this.link.cuts === 0
  }

  /** For people who read a failed story. */
  note(what: string): void {
    const seconds = Math.round((this.nowMs - this.startMs) / 1000)
    this.log.push(`${String(Math.floor(seconds / 3600))}:${String(Math.floor(seconds / 60) % 60).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}  ${what}`)
  }

  settleAll(): void {
    for (const vm of this.vms) vm.settle()
  }

  // Clocks and contacts.

  jump(byMs: number): void {
    this.#clockOffsetMs += byMs
  }

  agent(side: Side): SourceAgent | TargetAgent {
    return side === 'SOURCE' ? this.source : this.target
  }

  #reaches(side: Side): boolean {
    return this.coordinator.up && this.agent(side).up && !this.mute.has(side)
  }

  silentSeconds(side: Side): number | null {
    const at = this.#contactMs[side]
    return at === null ? null : Math.max(0, (this.dbNowMs - at) / 1000)
  }

  // Up: reports.

  /** An agent has news of a VM: it reports at once, which takes its time. */
  changed(side: Side, vm: Vm): void {
    const key = `${side} ${vm.index}`
    if (this.#reporting.has(key)) return
    this.#reporting.add(key)
    this.timeline.in(this.dice.between(20, 200), () => {
      this.#reporting.delete(key)
      const said = this.#observe(side, vm)
      if (said === null) return
      const delayMs = this.faults.lateReports ? this.dice.between(500, 8_000) : this.dice.between(10, 150)
      this.timeline.in(delayMs, () => this.#store(side, vm, said))
      // The same again, also behind a newer one: a retry whose first answer was lost.
      if (this.faults.repeatsReports) this.timeline.in(delayMs + this.dice.between(200, 4_000), () => this.#store(side, vm, said))
    })
  }

  #observe(side: Side, vm: Vm): Report | null {
    const said: Report = side === 'SOURCE' ? { source: this.source.observe(vm), target: null } : { source: null, target: this.target.observe(vm) }
    return said.source === null && said.target === null ? null : said
  }

  #store(side: Side, vm: Vm, said: Report): void {
    if (!this.#reaches(side)) return
    this.#contactMs[side] = this.dbNowMs
    this.#write(vm, said)
    this.wake(vm)
  }

  #write({ row }: Vm, { source, target }: Report): void {
    if (source !== null) Object.assign(row, { source, sourceAtMs: this.dbNowMs })
    if (target !== null) Object.assign(row, { target, targetAtMs: this.dbNowMs })
  }

  /** What agents report every few seconds whether or not anything is new. */
  hearAll(): void {
    for (const side of ['SOURCE', 'TARGET'] as const) {
      if (!this.#reaches(side)) continue
      this.#contactMs[side] = this.dbNowMs
      for (const vm of this.vms) {
        const said = this.#observe(side, vm)
        if (said === null) continue
        if (this.faults.lateReports) this.timeline.in(this.dice.between(500, 8_000), () => this.#store(side, vm, said))
        else this.#write(vm, said)
      }
    }
  }

  wake(vm: Vm): void {
    if (this.faults.losesJobs) return
    this.timeline.in(this.dice.between(10, 150), () => this.coordinator.drive(vm))
  }

  // Down: desired states.

  /** A row has changed: both agents' long polls are answered. */
  told(vm: Vm): void {
    for (const side of ['SOURCE', 'TARGET'] as const) this.timeline.in(this.dice.between(20, 1_500), () => this.#tell(side, vm))
    for (const other of this.vms) if (other !== vm) this.wake(other)
  }

  tellAll(side: Side): void {
    for (const vm of this.vms) this.timeline.in(this.dice.between(20, 2_000), () => this.#tell(side, vm))
  }

  #tell(side: Side, vm: Vm): void {
    if (!this.#reaches(side)) return
    this.#contactMs[side] = this.dbNowMs
    const input = this.coordinator.stageInput(vm)
    const attempt = latest(vm.row.attempts)?.number ?? 0
    const seed = this.shipping?.has(vm) === true ? this.rules.seedStepsOf(this.shipping.row.status) : null
    const disks = [{ key: 'disk0', sizeBytes: vm.story.sizeBytes }]
    if (side === 'SOURCE') {
      const stage = this.rules.sourceStage(input)
      if (stage === null) return
      const kind = stage === 'FINAL' ? 'CUTOVER' : stage === 'STOP' ? 'DISCARD' : stage === 'RETURN' ? 'RETURN' : null
      const desired: DesiredSource = {
        migrationId: vm.row.id, waveId: 'wave', vmRef: 'ref', stage, attempt, target: { agentId: TARGET_ID, host: 'target', port: 1 }, disks,
        rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: this.story.shutdownSeconds, ...(seed && stage !== 'RELEASE' && stage !== 'STOP' ? { seed: { shipmentId: 'shipment', step: seed.source, places: ['usb-1'], recipientKey: '' } } : {}),
      }
      return this.source.hear(vm, desired, this.#shown(vm, kind))
    }
    const stage = this.rules.targetStage(input)
    if (stage === null) return
    const kind = stage === 'BOOT' ? 'CUTOVER' : stage === 'DISCARD' ? 'DISCARD' : stage === 'HAND_BACK' || stage === 'KEEP' ? 'RETURN' : null
    const desired: DesiredTarget = {
      migrationId: vm.row.id, sourceAgentId: SOURCE_ID, stage, attempt, acknowledgedSequence: 0, shutdownSeconds: this.story.shutdownSeconds,
      shape: { name: vm.story.name, guestOs: 'lab', cpus: 2, memoryBytes: 1024, network: 'web', storage: 'gold', disks, hypervisor: {} }, ...(seed && stage !== 'DISCARD' ? { seed: { shipmentId: 'shipment', step: seed.target, places: ['bay-1'], signerKey: '' } } : {}),
    }
    this.target.hear(vm, desired, this.#shown(vm, kind))
  }

  /** The order that the stage rests on, as `derive-desired` finds it. */
  #shown({ row }: Vm, kind: Order['kind'] | null): { readonly order: Order } | null {
    if (kind === null) return null
    const bookingId = latest(row.attempts)?.bookingId ?? null
    const orderId = latest(row.returns)?.orderId ?? null
    const found = row.orders.findLast(({ order, bookingId: own }) => order.kind === kind && (kind === 'RETURN' ? order.id === orderId : kind === 'CUTOVER' ? own === bookingId : own === null))
    return found ? { order: found.order } : null
  }

  /** The approvers' go for a VM, signed. */
  signCutover(vm: Vm, booking: BookingRow, window: { readonly startsAtMs: number; readonly lockoutAtMs: number }): void {
    const iso = (atMs: number) => new Date(atMs).toISOString()
    const { refusal, shutdownSeconds } = this.story
    const order: Order = {
      ...(refusal === 'POWER_OFF' ? { version: 2, onRefusedShutdown: 'POWER_OFF', powerOffAfterSeconds: shutdownSeconds } : { version: 1 }), kind: 'CUTOVER', id: `order-${vm.row.orders.length}`, migrationId: vm.row.id, planHash: '0'.repeat(64),
      plan: { sourceAgentId: SOURCE_ID, targetAgentId: TARGET_ID, vmRef: 'ref', name: vm.story.name, cpus: 2, memoryBytes: 1024, network: 'web', storage: 'gold', disks: [{ key: 'disk0', sizeBytes: vm.story.sizeBytes }] },
      approval: { waveId: 'wave', bookingId: booking.id, decidedBy: { id: 'anna', name: 'Anna Keller' }, decidedAt: iso(this.dbNowMs), window: { startsAt: iso(window.startsAtMs), lockoutAt: iso(window.lockoutAtMs), endsAt: iso(booking.endsAtMs) } },
      startBefore: iso(window.lockoutAtMs), expiresAt: iso(cutoverOrderEndsMs(booking.endsAtMs, this.story.shutdownSeconds)),
    }
    vm.row.orders.push({ bookingId: booking.id, planVersion: this.planVersion, order })
  }

  /** A person's word, signed, that a VM goes home or that a migration is given up. */
  signEnding(vm: Vm, kind: 'DISCARD' | 'RETURN', bookingId: string | null, endsAtMs: number): void {
    const order: Order = {
      version: 1, kind, id: `order-${vm.row.orders.length}`, migrationId: vm.row.id, sourceAgentId: SOURCE_ID, targetAgentId: TARGET_ID,
      decidedBy: { id: 'anna', name: 'Anna Keller' }, decidedAt: new Date(this.dbNowMs).toISOString(), expiresAt: new Date(endsAtMs).toISOString(),
    }
    vm.row.orders.push({ bookingId, planVersion: this.planVersion, order })
  }

  entered(vm: Vm, status: CutoverStatus | ReturnStatus): void {
    this.faults.entered(vm, status)
  }

  // Killed and back again.

  restart(side: Side, inMs: number): void {
    if (side === 'TARGET' && this.faults.targetLost) return
    this.settleAll()
    this.agent(side).up = true
    this.timeline.in(inMs, () => this.tellAll(side))
  }

  restartCoordinator(): void {
    this.coordinator.up = true
    for (const side of ['SOURCE', 'TARGET'] as const) this.tellAll(side)
  }

  /** Its agent, its hypervisor and all that ran there: only people can go on from here. */
  loseTarget(): void {
    this.target.die()
    for (const vm of this.vms) {
      vm.shadow.off()
      vm.shadowState = null
    }
  }

  // Machines.

  machineChanged(vm: Vm, side: Side): void {
    this.note(`${vm.story.name} ${side === 'SOURCE' ? 'source' : 'shadow'} ${side === 'SOURCE' ? vm.source.power : vm.shadow.power}`)
    this.invariants.neverBothOn(vm)
    if (side === 'TARGET' && vm.shadow.power === 'ON') this.#booted(vm)
    this.invariants.poweredOn(vm, side)
    this.timeline.in(0, () => {
      if (side === 'SOURCE') this.source.converge(vm)
      else this.target.converge(vm)
    })
    this.changed(side, vm)
  }

  powerOnSource(vm: Vm): void {
    this.invariants.maySourceStart(vm)
    vm.source.powerOn(vm.story.bootMs)
  }

  shutDownSource(vm: Vm): void {
    this.invariants.maySourceStop(vm)
    // What it writes as it shuts down: the tap does not see all of it.
    if (vm.lie === 'WRITE_UNSEEN') vm.sourceDisk.unseen = vm.must.unseen = true
    this.#shutDown(vm, vm.source)
  }

  powerOffSource(vm: Vm): void {
    this.invariants.mayPowerOff(vm)
    this.note(`${vm.story.name} is powered off at the source`)
    this.coverage.count('guest', 'POWERED OFF AS AGREED')
    vm.source.off()
  }

  shutDownShadow(vm: Vm): void {
    this.#shutDown(vm, vm.shadow)
  }

  #shutDown(vm: Vm, machine: Vm['source']): void {
    const refuses = vm.refusalsLeft > 0 && machine.power === 'ON'
    if (refuses) vm.refusalsLeft -= 1
    machine.shutdown(refuses ? this.dice.between(180, 1_500) * 1000 : vm.story.shutdownMs, refuses)
  }

  powerOnShadow(vm: Vm, attempt: number): void {
    const { replica } = vm
    if (replica === null || vm.shadow.power !== 'OFF') return
    vm.settle()
    if (replica.atBoot === null) {
      if (vm.lie === 'RECORDS_FORGOTTEN') replica.disk.records -= 7
      if (vm.lie === 'RECORDS_FORGOTTEN') vm.lie = 'NONE'
      replica.atBoot = copyOf(replica.disk)
      replica.disk.branch += `.${attempt}`
      vm.backwardLeftBytes = 0
    } else if (vm.home === 'TARGET' && !isSame(replica.disk, vm.must)) throw new StoryFailed('acknowledged writes', `${vm.story.name} is started at the target without what it had acknowledged.`)
    vm.shadow.powerOn(vm.story.startMs)
  }

  #booted(vm: Vm): void {
    const state: NonNullable<Vm['shadowState']> = { health: 'UNKNOWN', sequenceAtBoot: vm.replica?.atBoot?.records ?? 0, wrote: false }
    vm.shadowState = state
    this.timeline.in(vm.story.checkMs, () => {
      if (vm.shadowState !== state || !vm.shadow.running) return
      state.wrote = true
      state.health = vm.brokenLeft > 0 && vm.home === 'SOURCE' ? 'BROKEN' : 'HEALTHY'
      if (state.health === 'BROKEN') vm.brokenLeft -= 1
      this.target.converge(vm)
      this.changed('TARGET', vm)
    })
  }

  removeShadow(vm: Vm): void {
    const { replica } = vm
    if (replica === null) return
    vm.shadow.off()
    vm.shadowState = null
    Object.assign(replica, { holder: 'STREAM', bootedAttempt: null, acceptedAtMs: null, atBoot: null })
    vm.compareAnew()
  }

  discard(vm: Vm): void {
    this.invariants.mayDiscard(vm)
    vm.settle()
    vm.shadow.off()
    vm.shadowState = null
    vm.replica = null
    vm.discarded = true
  }

  /** Nothing is on its way home, and no source is to be powered on. */
  get settled(): boolean {
    return this.vms.every((vm) => vm.row.returns.every(({ status }) => isReturnOver(status)) && (vm.home === 'SOURCE' ? vm.source : vm.shadow).running)
  }
}

