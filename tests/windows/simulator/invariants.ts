import { CUTOVER_COMMITTING, REREAD_SECONDS, ROLLBACK_RESERVE_SECONDS, isCarried, rollbackReserveSeconds, staysOf } from '@driftless/domain'
import type { CutoverStatus, ShipmentStatus, WaitReason } from '@driftless/domain'
import { isSame, copyOf } from './machine.ts'
import type { Disk } from './machine.ts'
import { latest } from './rows.ts'
import type { AttemptRow, BookingRow, ReturnRow } from './rows.ts'
import { StoryFailed } from './story-failed.ts'
import type { FaultKind } from './story.ts'
import type { Vm } from './vm.ts'
import type { Side, World } from './world.ts'

/** A killed agent begins what it was at anew: so much longer than its absence a way back may take. */
const BEGUN_ANEW_MS = 35_000
/** Between the moment at which going back must begin, and a sweep that sees it. */
const SWEEP_MS = 5_000

/** From the proof on, until the attempt was VALIDATING: longer than any step of these stories lasts between the two. */
const ATTEMPT_MS = 900_000

/** How far an agent's clock and the database's may be apart, jumps included. */
const CLOCKS_MS = 600_000

/** Whoever has to act on the way back, where the attempt went back from a step; the link is of no concern there. */
const NEEDED: readonly FaultKind[] = ['SOURCE_KILLED', 'SOURCE_MUTE', 'COORDINATOR_KILLED']
const NEEDED_AT_TARGET: readonly FaultKind[] = [...NEEDED, 'TARGET_KILLED', 'TARGET_MUTE', 'TARGET_LOST']

/** What people may be told of a VM that travels, by where its devices are. */
const TOLD: Readonly<Record<ShipmentStatus, readonly WaitReason[]>> = {
  PREPARING: ['SHIPMENT_EXPORTING', 'SHIPMENT_EXPORT_HELD'], PREPARED: ['SHIPMENT_TO_HAND_OVER'], HANDED_OVER: ['SHIPMENT_TRAVELLING', 'SHIPMENT_LATE'], RECEIVED: ['SHIPMENT_TO_IMPORT'], IMPORTING: ['SHIPMENT_IMPORTING', 'SHIPMENT_REFUSED'],
  IMPORTED: [], CAUGHT_UP: [], CANCELLED: [],
}

type GoingBack = { readonly attempt: AttemptRow; readonly from: CutoverStatus; readonly endsAtMs: number; readonly beganMs: number; /** It was off when going back began. */ readonly wasOff: boolean; /** When it went off after that: it was still shutting down. */ stoppedLateMs: number | null }

/** What the contract promises. Everything here is looked at when it happens; `atTheEnd` when the story is over. */
export class Invariants {
  readonly #world: World
  readonly #goingBack = new Map<Vm, GoingBack>()
  /** People have said that the target is gone, and took that upon themselves. */
  readonly #forced = new Set<Vm>()
  /** By the ledger's words and by the world's: from when to when each VM was accepted at the target. */
  readonly #lived = new Map<Vm, { fromMs: number; toMs: number | null }[]>()

  constructor(world: World) {
    this.#world = world
  }

  #fail(rule: string, message: string): never {
    throw new StoryFailed(rule, message)
  }

  neverBothOn(vm: Vm): void {
    if (vm.source.power !== 'OFF' && vm.shadow.power !== 'OFF' && !this.#forced.has(vm)) this.#fail('both on', `${vm.story.name} is ${vm.source.power} at the source and ${vm.shadow.power} at the target.`)
    const back = this.#goingBack.get(vm)
    if (back !== undefined && vm.source.power === 'OFF' && back.stoppedLateMs === null && this.#world.nowMs > back.beganMs) back.stoppedLateMs = this.#world.nowMs
  }

  // The window.

  begun(vm: Vm, booking: BookingRow): void {
    const { dbNowMs, vms, story } = this.#world
    const name = vm.story.name
    if (dbNowMs < booking.startsAtMs || dbNowMs >= booking.lockoutAtMs) this.#fail('window', `The cutover of ${name} begins outside its window, or after its lockout.`)
    if (dbNowMs + this.#neededMs(vm) > booking.endsAtMs) this.#fail('fits', `The cutover of ${name} begins although it and going back do not fit.`)
    const inCutover = vms.filter((other) => other !== vm && other.row.status === 'CUTTING_OVER')
    if (inCutover.length >= story.parallelCutovers) this.#fail('turn', `${name} begins beside ${inCutover.length} others; ${story.parallelCutovers} may be in their cutover.`)
    if (vm.row.apartGroup !== null && inCutover.some(({ row }) => row.apartGroup === vm.row.apartGroup)) this.#fail('turn', `${name} begins beside a VM that it must be kept apart from.`)
    if (vm.seedAway || this.#world.shipping?.carries(vm) === true) this.#fail('travels', `The cutover of ${name} begins while devices carry what its replica lacks.`)
    for (const id of vm.row.dependsOnIds) {
      const other = vms.find(({ row }) => row.id === id)
      if (other !== undefined && other.home !== 'TARGET') this.#fail('turn', `${name} begins before ${other.story.name}, on which it depends.`)
    }
  }

  /** Whoever waits for devices is told where they are, and nobody else is. */
  waits(vm: Vm, reason: WaitReason): void {
    const { shipping } = this.#world
    const carried = shipping?.carries(vm) === true
    const ofShipment = reason.startsWith('SHIPMENT_')
    if (ofShipment && !carried) this.#fail('waits', `${vm.story.name} waits for devices (${reason}), and none carries it.`)
    if (!carried || shipping === null || !['REPLICATING', 'READY_FOR_CUTOVER'].includes(vm.row.status) || ['PAUSED', 'SOURCE_AGENT_AWAY', 'TARGET_AGENT_AWAY'].includes(reason)) return
    if (!TOLD[shipping.row.status].includes(reason)) this.#fail('waits', `${vm.story.name} waits for ${reason} while its shipment is ${shipping.row.status}.`)
  }

  /** Reckoned here, not by the coordinator: its forecast and the whole reserve. */
  #neededMs(vm: Vm): number {
    const read = vm.story.sizeBytes / 250_000_000
    return (30 + 30 + Math.min(480, read) + (64 * 1024 * 1024) / 250_000_000 + ROLLBACK_RESERVE_SECONDS) * 1000
  }

  /** The source is asked to stop next: enough people have said so, of the plan as it is. */
  goes(vm: Vm, attempt: AttemptRow): void {
    const { story, bookings, planHash, dbNowMs } = this.#world
    const booking = bookings.find(({ id }) => id === attempt.bookingId)
    const last = new Map((booking?.words ?? []).map((word) => [word.personId, word]))
    const good = [...last.values()].filter(({ decision, planHash: hash, saidAtMs }) => decision === 'GO' && hash === planHash && (story.policy.expiresHours === null || dbNowMs < saidAtMs + story.policy.expiresHours * 3_600_000))
    if (good.length < story.policy.needed) this.#fail('approved', `${vm.story.name} is stopped on ${good.length} goes of ${story.policy.needed} for its present plan.`)
  }

  maySourceStop(vm: Vm): void {
    const attempt = latest(vm.row.attempts)
    const booking = this.#world.bookings.find(({ id }) => id === attempt?.bookingId)
    if (booking === undefined || booking.words.length === 0) this.#fail('approved', `${vm.story.name} is shut down at the source, and nobody said go.`)
    // What came to the agent late, or was begun in time, runs on; but never before its window.
    if (this.#world.dbNowMs < booking.startsAtMs - 10 * 60_000) this.#fail('window', `${vm.story.name} is shut down before its window.`)
  }

  /** By force only on the word of enough people, and only while the window is open; clocks may differ by what this story lets them. */
  mayPowerOff(vm: Vm): void {
    const { story, bookings, dbNowMs } = this.#world
    const attempt = latest(vm.row.attempts)
    const booking = bookings.find(({ id }) => id === attempt?.bookingId)
    if (story.refusal !== 'POWER_OFF' || booking === undefined) this.#fail('by force', `${vm.story.name} is powered off, and nobody agreed to that.`)
    if (dbNowMs > booking.endsAtMs + CLOCKS_MS) this.#fail('by force', `${vm.story.name} is powered off after its window.`)
  }

  committed(vm: Vm, attempt: AttemptRow): void {
    const { replica, must } = vm
    const booking = this.#world.bookings.find(({ id }) => id === attempt.bookingId)
    if (booking === undefined || this.#world.dbNowMs >= booking.endsAtMs) this.#fail('window', `The attempt of ${vm.story.name} ends well after its window.`)
    vm.settle()
    if (replica?.atBoot == null || !isSame(replica.atBoot, this.#asRead(vm, attempt, must))) this.#fail('acknowledged writes', `${vm.story.name} is proven at the target without what the source had acknowledged.`)
    vm.home = 'TARGET'
    const { shipping } = this.#world
    if (shipping?.has(vm) === true) this.#world.coverage.count('shipment', shipping.row.status === 'CANCELLED' ? 'CUT OVER, BY WIRE AFTER ALL' : 'CUT OVER AFTER IT TRAVELLED')
    vm.must = copyOf(replica.disk)
  }

  /** What a tap missed is found by the second reading alone, which is waited for while the source's agent is there and within its limit. The evidence says if it was not finished. */
  #asRead(vm: Vm, attempt: AttemptRow, must: Disk): Disk {
    const { dbNowMs, nowMs, faults, coverage } = this.#world
    const sinceMs = nowMs - (dbNowMs - attempt.statusChangedAtMs) - ATTEMPT_MS
    const away = faults.outages.some(({ kind, toMs }) => (kind === 'SOURCE_KILLED' || kind === 'SOURCE_MUTE') && toMs >= sinceMs)
    const tooLong = vm.story.readMs >= REREAD_SECONDS * 1000 - 60_000
    if (!must.unseen || !(away || tooLong)) return must
    coverage.count('second reading', away ? 'NOT WAITED FOR: ITS AGENT WAS AWAY' : 'NOT WAITED FOR: TOO LONG')
    return { ...must, unseen: false }
  }

  wentBack(vm: Vm, attempt: AttemptRow, from: CutoverStatus): void {
    const booking = this.#world.bookings.find(({ id }) => id === attempt.bookingId)
    if (booking === undefined || !CUTOVER_COMMITTING.includes(from)) return
    this.#goingBack.set(vm, { attempt, from, endsAtMs: booking.endsAtMs, beganMs: this.#world.nowMs, wasOff: vm.source.power === 'OFF', stoppedLateMs: null })
    this.#inTime(vm)
  }

  /** The source of an attempt that went back runs before the window's end; where it does not, something of the story's own must have kept somebody from it for so long. */
  #inTime(vm: Vm): void {
    const back = this.#goingBack.get(vm)
    if (back === undefined || !vm.source.running) return
    // It may still be shutting down: then it is looked at again when it is on for good.
    if (vm.source.power === 'STOPPING') return
    this.#goingBack.delete(vm)
    const { nowMs, dbNowMs, faults, coverage } = this.#world
    if (!back.wasOff && back.stoppedLateMs === null) return coverage.count('went back', 'NEVER OFF')
    const lateMs = dbNowMs - back.endsAtMs
    if (lateMs <= 0) return coverage.count('went back', 'INSIDE ITS WINDOW')
    const reserveMs = rollbackReserveSeconds(back.from) * 1000
    const mustBeginMs = nowMs - lateMs - reserveMs - SWEEP_MS
    const atTarget = back.from === 'TARGET_BOOTING' || back.from === 'VALIDATING'
    const needed = atTarget ? NEEDED_AT_TARGET : NEEDED
    const kept = faults.outages.filter(({ kind, toMs }) => needed.includes(kind) && toMs >= mustBeginMs)
    const jumps = faults.outages.filter(({ kind, fromMs }) => (kind === 'CLOCK_FORWARD' || kind === 'CLOCK_BACK') && fromMs >= mustBeginMs - 180_000)
    const stopping = back.stoppedLateMs === null ? 0 : back.stoppedLateMs - back.beganMs
    const excuse = union(kept.map(({ fromMs, toMs }) => [Math.max(fromMs, mustBeginMs), Math.min(toMs, nowMs)])) + kept.length * BEGUN_ANEW_MS + jumps.length * 180_000 + stopping
    if (lateMs > excuse) this.#fail('back in time', `${vm.story.name} went back from ${back.from} (${back.attempt.failureCode}) and ran at the source ${Math.round(lateMs / 1000)} s after its window; what kept it from that accounts for ${Math.round(excuse / 1000)} s.`)
    const why = kept[0]?.kind ?? (stopping > 0 ? 'GUEST_STILL_STOPPING' : (jumps[0]?.kind ?? 'NOTHING'))
    coverage.count('late, as', `${why} (${atTarget ? 'shadow VM may have run' : 'before the target'})`)
  }

  poweredOn(vm: Vm, side: Side): void {
    if (side === 'SOURCE') this.#inTime(vm)
  }

  // What was written.

  maySourceStart(vm: Vm): void {
    vm.settle()
    if (this.#forced.has(vm)) return
    if (vm.home !== 'SOURCE') this.#fail('both on', `${vm.story.name} is started at the source while it lives at the target.`)
    if (!isSame(vm.sourceDisk, vm.must)) this.#fail('acknowledged writes', `${vm.story.name} is started at the source without what it had acknowledged.`)
  }

  /** A return that has removed the shadow VM. With the way back nothing is lost; without, people knew that. */
  goesHome(vm: Vm, { wayBack }: ReturnRow): void {
    vm.settle()
    vm.home = 'SOURCE'
    if (!wayBack) vm.must = copyOf(vm.sourceDisk)
  }

  cancelled(vm: Vm): void {
    const attempt = latest(vm.row.attempts)
    // Without the target's word: only where they know that it is gone.
    if (attempt?.status === 'ROLLED_BACK' && !attempt.shadowGone) {
      this.#forced.add(vm)
      this.#world.coverage.count('needs a person', 'CANCELLED WITHOUT THE TARGET’S WORD')
    }
  }

  mayDiscard(vm: Vm): void {
    if (!['CANCELLED', 'ROLLED_BACK', 'FAILED'].includes(vm.row.status)) this.#fail('replica', `The replica of ${vm.story.name} is discarded while its migration is ${vm.row.status}.`)
  }

  // The bill.

  /** By its end, or as agreed: nobody is billed for what they have not accepted, nor before. */
  accepted(vm: Vm, asAgreed: boolean, validationEndsAtMs: number | null): void {
    const { dbNowMs, story } = this.#world
    if (asAgreed && validationEndsAtMs !== null && (dbNowMs < validationEndsAtMs || story.validationDefault !== 'ACCEPT')) this.#fail('acceptance', `${vm.story.name} is accepted, and neither a person nor the agreement said so.`)
  }

  /** Behind every event. */
  ledger(): void {
    const { ledger: { entries } } = this.#world
    if (entries.length === this.#entriesSeen) return
    this.#entriesSeen = entries.length
    for (const vm of this.#world.vms) {
      const own = entries.filter(({ migrationId }) => migrationId === vm.row.id)
      for (const kind of ['SOURCE_ENDED', 'TARGET_STARTED', 'TARGET_ENDED'] as const) {
        const said = own.filter((entry) => entry.kind === kind)
        // These stories accept a VM once: what comes after an acceptance is its end.
        if (said.length > 1) this.#fail('billed twice', `The ledger has ${kind} of ${vm.story.name} ${said.length} times.`)
      }
      const accepted = vm.row.status === 'COMPLETED' || vm.row.status === 'ROLLED_BACK'
      if ((own.length > 0) !== accepted) this.#fail('billed twice', `${vm.story.name} is ${vm.row.status} and has ${own.length} entries in the ledger.`)
      this.#bill(vm, own)
    }
  }
  #entriesSeen = 0

  /** One stay at most, which begins with the acceptance and ends with the return. */
  #bill(vm: Vm, own: World['ledger']['entries']): void {
    const stays = staysOf(own)
    const lived = this.#lived.get(vm) ?? []
    this.#lived.set(vm, lived)
    if (own.length > 0 && lived.length === 0) lived.push({ fromMs: this.#world.dbNowMs, toMs: null })
    const [life] = lived
    if (life && life.toMs === null && vm.row.status === 'ROLLED_BACK') life.toMs = this.#world.dbNowMs
    if (stays.length !== lived.length || stays.some(({ startedAtMs, endedAtMs }) => startedAtMs !== life?.fromMs || endedAtMs !== (life.toMs === null ? null : Math.max(life.fromMs, life.toMs))))
      this.#fail('billed twice', `${vm.story.name} is billed for other times than it was accepted at the target.`)
  }

  /** Everything has healed and nobody decides any more: nothing is half done, and each wait says for what. */
  atTheEnd(): void {
    for (const vm of this.#world.vms) {
      const { row, story: { name } } = vm
      const attempt = latest(row.attempts)
      if (attempt !== null && CUTOVER_COMMITTING.includes(attempt.status)) this.#fail('livelock', `${name} hangs in the step ${attempt.status} of its attempt.`)
      const ended = ['COMPLETED', 'ROLLED_BACK', 'CANCELLED', 'FAILED'].includes(row.status)
      if (!ended && row.waitReason === null) this.#fail('livelock', `${name} is ${row.status} and waits for nothing.`)
      if (attempt?.status === 'ROLLED_BACK' && !attempt.sourceReturned && !ended) {
        if (!this.#world.faults.targetLost) this.#fail('livelock', `${name} went back, and its source was never seen on again.`)
        this.#world.coverage.count('needs a person', 'TARGET LOST WITH A SHADOW VM THAT MAY RUN')
      }
      if (vm.home === 'SOURCE' && !vm.source.running && !this.#world.faults.targetLost) this.#fail('livelock', `${name} lives at the source and is off there.`)
      if (vm.home === 'TARGET' && !vm.shadow.running && !this.#world.faults.targetLost) this.#fail('livelock', `${name} lives at the target and is off there.`)
      const shipment = this.#world.shipping?.has(vm) === true ? this.#world.shipping.row.status : null
      if (shipment !== null && !isCarried(shipment) && vm.seedAway && !ended && !this.#world.faults.targetLost) this.#fail('travels', `${name} goes over the wire, and what devices were to bring is still missing.`)
      if (vm.replica === null && !vm.discarded && row.attempts.length > 0) this.#fail('replica', `The replica of ${name} is lost.`)
      if (!ended) this.#world.coverage.count('migration ends', `WAITS: ${row.waitReason ?? ''}`)
    }
    this.ledger()
  }
}

/** How long at least one of these spans lasted, in all. */
function union(spans: readonly (readonly [number, number])[]): number {
  let total = 0
  let reached = Number.NEGATIVE_INFINITY
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    total += Math.max(0, to - Math.max(from, reached))
    reached = Math.max(reached, to)
  }
  return total
}
