import { BOOKING_HOLDS_SLOT, CUTOVER_HARMLESS, CUTOVER_OVER, MIGRATION_ENDED, agreedReturnEndsMs, checkBookable, defaultLockoutMs, discardOrderEndsMs, isPlanFrozen, isReturnOver, returnOrderEndsMs } from '@driftless/domain'
import { latest } from './rows.ts'
import type { BookingRow } from './rows.ts'
import type { Vm } from './vm.ts'
import type { World } from './world.ts'

const MINUTE_MS = 60_000
/** After so many windows they leave it. */
const MOST_BOOKINGS = 4
const MOST_WORDS = 8
/** They look at the portal every minute or two. */
const LOOK_MS = [60_000, 120_000] as const
const APPROVERS = ['anna', 'ben']

/** Everybody who decides: the customer's operator and approvers, and the provider's scheduler. They do what the portal lets them. */
export class People {
  readonly #world: World
  #retired = false
  #bookings = 0
  #words = 0
  #planChanges: number
  #askedAgain = 0
  #bookAtMs: number
  /** When each VM that came to the target is decided about; by its attempt. */
  readonly #decideAtMs = new Map<string, number>()
  readonly #acceptedAtMs = new Map<Vm, number>()

  constructor(world: World) {
    this.#world = world
    this.#planChanges = world.story.planChanges
    this.#bookAtMs = world.nowMs
  }

  start(): void {
    const { timeline, story, dice } = this.#world
    timeline.in(dice.between(1, 20) * 1000, () => this.#startWave())
    if (story.pauses) timeline.in(dice.between(2, 40) * MINUTE_MS, () => this.#pause())
    for (const vm of this.#world.vms) if (vm.story.cancelMs !== null) timeline.in(vm.story.cancelMs, () => this.#cancel(vm))
    this.#look()
  }

  /** They go home: nothing new is decided. */
  retire(): void {
    this.#retired = true
  }

  /** Nobody has anything more to do. */
  get done(): boolean {
    return this.#world.vms.every((vm) => vm.row.status === 'CANCELLED' || vm.row.status === 'ROLLED_BACK' || (vm.row.status === 'COMPLETED' && vm.story.later === 'NOTHING') || this.#leaves(vm))
  }

  /** No window comes any more, and it runs where it always did. */
  #leaves({ row }: Vm): boolean {
    const attempt = latest(row.attempts)
    const atRest = row.status === 'READY_FOR_CUTOVER' && (attempt === null || attempt.sourceReturned || attempt.status === 'COMMITTED')
    return atRest && this.#bookings >= MOST_BOOKINGS && this.#world.coordinator.booking === null
  }

  #startWave(): void {
    for (const vm of this.#world.vms) {
      if (vm.row.status === 'ASSESSED') this.#world.coordinator.move({ vm, status: 'ASSESSED' }, 'READY_TO_REPLICATE')
      this.#world.told(vm)
      this.#world.wake(vm)
    }
    this.#world.shipping?.start()
  }

  #pause(): void {
    const world = this.#world
    world.settleAll()
    world.paused = true
    world.note('the wave is paused')
    for (const vm of world.vms) world.told(vm)
    world.timeline.in(world.dice.between(1, 15) * MINUTE_MS, () => {
      world.settleAll()
      world.paused = false
      world.note('the wave goes on')
      for (const vm of world.vms) world.told(vm)
    })
  }

  #look(): void {
    const world = this.#world
    if (this.#retired) return
    world.timeline.in(world.dice.between(...LOOK_MS), () => this.#look())
    this.#book()
    this.#changePlan()
    this.#approve()
    for (const vm of world.vms) {
      this.#ask(vm)
      this.#validate(vm)
      this.#later(vm)
      if (world.faults.targetLost) this.#giveUp(vm)
    }
  }

  // Windows.

  #book(): void {
    const { story, coordinator, dice, nowMs, dbNowMs, bookings, vms } = this.#world
    if (coordinator.booking !== null || this.#bookings >= MOST_BOOKINGS || nowMs < this.#bookAtMs || vms.every(({ row }) => MIGRATION_ENDED.includes(row.status))) return
    const first = this.#bookings === 0
    const startsAtMs = dbNowMs + (first ? story.firstWindow.inMs : dice.between(1, 15) * MINUTE_MS)
    const endsAtMs = startsAtMs + (first ? story.firstWindow.lengthMs : dice.between(10, 75) * MINUTE_MS)
    const booking: BookingRow = { id: `b${this.#bookings}`, status: 'REQUESTED', startsAtMs, endsAtMs, lockoutAtMs: defaultLockoutMs(startsAtMs, endsAtMs), expiresAtMs: dbNowMs + 20 * MINUTE_MS, words: [] }
    checkBookable(booking, dbNowMs)
    this.#bookings += 1
    this.#bookAtMs = nowMs + dice.between(1, 8) * MINUTE_MS
    bookings.push(booking)
    this.#world.note(`booking ${booking.id} for ${Math.round((startsAtMs - this.#world.startMs) / MINUTE_MS)} to ${Math.round((endsAtMs - this.#world.startMs) / MINUTE_MS)} minutes`)
    this.#world.timeline.in(dice.between(0.2, 6) * MINUTE_MS, () => this.#schedule(booking, first ? story.scheduler : 'APPROVES'))
  }

  #schedule(booking: BookingRow, does: World['story']['scheduler']): void {
    const { coordinator, dice, timeline } = this.#world
    if (booking.status !== 'REQUESTED' || does === 'SLEEPS') return
    if (does === 'REJECTS') return coordinator.moveBooking(booking, 'REJECTED')
    if (does === 'APPROVES') return this.#decided(booking)
    coordinator.moveBooking(booking, 'COUNTER_OFFERED')
    const shiftMs = dice.between(2, 20) * MINUTE_MS
    const lengthMs = booking.endsAtMs - booking.startsAtMs
    Object.assign(booking, { startsAtMs: booking.startsAtMs + shiftMs, endsAtMs: booking.endsAtMs + shiftMs, lockoutAtMs: defaultLockoutMs(booking.startsAtMs + shiftMs, booking.startsAtMs + shiftMs + lengthMs) })
    timeline.in(dice.between(1, 10) * MINUTE_MS, () => {
      if (booking.status !== 'COUNTER_OFFERED') return
      if (dice.chance(0.8)) this.#decided(booking)
      else coordinator.moveBooking(booking, 'WITHDRAWN')
    })
  }

  #decided(booking: BookingRow): void {
    const { coordinator, dice, timeline, story } = this.#world
    coordinator.moveBooking(booking, 'APPROVED')
    coordinator.advanceBookings()
    const first = booking.id === 'b0'
    if (first && story.approver === 'SILENT') return
    const inMs = first && story.approver === 'LATE' ? dice.between(10, 40) * MINUTE_MS : dice.between(0.1, 5) * MINUTE_MS
    timeline.in(inMs, () => this.#say(booking, first && story.approver === 'NO_GO' ? 'NO_GO' : 'GO', APPROVERS[0] ?? ''))
    if (story.policy.needed > 1) timeline.in(inMs + dice.between(0, 4) * MINUTE_MS, () => this.#say(booking, 'GO', APPROVERS[1] ?? ''))
  }

  // Go and no-go.

  /** Whoever has not seen that anything waits for them says nothing. */
  #approve(): void {
    const { coordinator, vms, dice } = this.#world
    const { booking } = coordinator
    if (booking === null || this.#words >= MOST_WORDS || this.#world.story.approver === 'SILENT') return
    const waits = vms.some(({ row }) => row.waitReason === 'GO_NO_GO' || row.waitReason === 'NO_GO')
    if (!waits || !dice.chance(0.5)) return
    for (const person of APPROVERS.slice(0, this.#world.story.policy.needed)) this.#say(booking, 'GO', person)
  }

  #say(booking: BookingRow, decision: 'GO' | 'NO_GO', personId: string): void {
    const { story, rules, planHash, dbNowMs, vms } = this.#world
    if (!['APPROVED', 'LOCKED', 'IN_PROGRESS'].includes(booking.status)) return
    this.#words += 1
    booking.words.push({ id: `${booking.id}-${booking.words.length}`, decision, personId, role: 'CUSTOMER_APPROVER', saidAtMs: dbNowMs, planHash })
    this.#world.note(`${personId} says ${decision} to plan ${this.#world.planVersion}`)
    this.#world.coverage.count('word', decision)
    const judged = rules.judgeApprovals(story.policy, booking.words, planHash, 'olivia', dbNowMs)
    if (decision === 'GO' && judged.missing === 0 && judged.countsFromMs !== null) {
      const window = { startsAtMs: Math.max(booking.startsAtMs, judged.countsFromMs), lockoutAtMs: Math.min(booking.lockoutAtMs, judged.expiresAtMs ?? Infinity) }
      for (const vm of vms.filter(({ row }) => !MIGRATION_ENDED.includes(row.status))) {
        this.#world.signCutover(vm, booking, window)
        if (story.validationMinutes > 0 && story.validationDefault === 'ROLL_BACK' && story.keepWayBack)
          this.#world.signEnding(vm, 'RETURN', booking.id, agreedReturnEndsMs(booking.endsAtMs, story.shutdownSeconds, story.validationMinutes))
      }
    }
    for (const vm of vms) this.#world.wake(vm)
  }

  /** Somebody edits the plan, while nothing of it is frozen: the go that was said does not hold for it. */
  #changePlan(): void {
    const { vms, coordinator, dice } = this.#world
    if (this.#planChanges === 0 || (coordinator.booking?.words.length ?? 0) === 0 || !dice.chance(0.3)) return
    if (vms.some(({ row }) => isPlanFrozen(row.status, latest(row.attempts)?.status))) return
    this.#planChanges -= 1
    this.#world.planVersion += 1
    this.#world.note(`the plan is changed: version ${this.#world.planVersion}`)
    this.#world.coverage.count('word', 'PLAN CHANGED')
    for (const vm of vms) this.#world.wake(vm)
  }

  // One VM.

  #ask({ row, story }: Vm): void {
    const { coordinator, dice, dbNowMs } = this.#world
    const { booking } = coordinator
    const again = row.waitReason === 'CUTOVER_FAILED' && dice.chance(0.4) && this.#askedAgain < 4
    if (row.status !== 'READY_FOR_CUTOVER' || row.cutoverRequested || !(row.waitReason === 'REQUEST_CUTOVER' || again)) return
    if (booking === null || !BOOKING_HOLDS_SLOT.includes(booking.status) || dbNowMs < booking.startsAtMs || dbNowMs >= booking.lockoutAtMs) return
    if (again) this.#askedAgain += 1
    row.cutoverRequested = true
    this.#world.note(`the cutover of ${story.name} is asked for`)
    for (const vm of this.#world.vms) this.#world.wake(vm)
  }

  #validate(vm: Vm): void {
    const { row, story } = vm
    const { nowMs, dice } = this.#world
    const attempt = latest(row.attempts)
    if (row.status !== 'VALIDATING' || attempt?.status !== 'COMMITTED' || row.validationEndsAtMs === null) return
    if (row.returns.some(({ status }) => !isReturnOver(status)) || row.acceptAsked) return
    const last = latest(row.returns)
    const key = `${row.id} ${attempt.number} ${row.returns.length}`
    const decideAt = this.#decideAtMs.get(key) ?? nowMs + story.afterMs
    this.#decideAtMs.set(key, decideAt)
    if (row.waitReason === 'VALIDATION_OVERDUE') return dice.chance(0.3) ? this.#accept(vm) : undefined
    if (nowMs < decideAt || story.after === 'NOTHING') return
    // Once it has been home and came again, or its return was called off twice, they take it.
    if (story.after === 'ACCEPT' || row.returns.length >= 2 || (last !== null && last.status === 'RETURNED')) return this.#accept(vm)
    this.#return(vm)
  }

  #accept(vm: Vm): void {
    vm.row.acceptAsked = true
    this.#world.note(`${vm.story.name} is accepted by a person`)
    this.#world.wake(vm)
  }

  /** As `returnVm` lets them: nobody sends a VM home along a way back that is not connected. */
  #return(vm: Vm): void {
    const { row } = vm
    const { dbNowMs, coordinator } = this.#world
    if (row.wayBack && row.target?.wayBackConnected !== true) return
    this.#world.signEnding(vm, 'RETURN', null, returnOrderEndsMs(dbNowMs))
    if (row.status === 'COMPLETED') this.#world.signEnding(vm, 'DISCARD', null, discardOrderEndsMs(dbNowMs))
    coordinator.beginReturn(vm, false)
    this.#world.told(vm)
    this.#world.wake(vm)
  }

  /** Once accepted: its way back is kept from now on, and perhaps used. */
  #later(vm: Vm): void {
    const { row, story } = vm
    if (row.status !== 'COMPLETED' || story.later === 'NOTHING') return
    const { nowMs } = this.#world
    const since = this.#acceptedAtMs.get(vm) ?? nowMs
    this.#acceptedAtMs.set(vm, since)
    if (!row.wayBack && nowMs - since > 2 * MINUTE_MS && row.returns.every(({ status }) => isReturnOver(status))) {
      row.wayBack = true
      this.#world.note(`the way back of ${story.name} is kept`)
      this.#world.told(vm)
    }
    if (story.later === 'RETURN' && row.wayBack && row.returns.length < 3 && nowMs - since > 6 * MINUTE_MS && row.returns.every(({ status }) => isReturnOver(status))) this.#return(vm)
  }

  #cancel(vm: Vm): void {
    const { row } = vm
    const { coordinator, dbNowMs } = this.#world
    const attempt = latest(row.attempts)
    if (MIGRATION_ENDED.includes(row.status)) return
    const under = attempt !== null && !CUTOVER_OVER.includes(attempt.status) ? attempt : null
    // CUTOVER_FROZEN, and NOT_CANCELLABLE: the table knows no way from there.
    if ((under !== null && !CUTOVER_HARMLESS.includes(under.status)) || row.status === 'VALIDATING') return
    if (under !== null) coordinator.rollBack({ vm, status: row.status, attempt: under, attemptStatus: under.status, vmReturn: null, returnStatus: null, booking: null, sourceReturned: false, shadowGone: false }, 'CANCELLED')
    this.#world.invariants.cancelled(vm)
    coordinator.move({ vm, status: row.status }, 'CANCELLED')
    this.#world.coverage.count('migration ends', 'CANCELLED')
    this.#world.signEnding(vm, 'DISCARD', null, discardOrderEndsMs(dbNowMs))
    this.#world.told(vm)
  }

  /** The target is gone for good. Somebody has made sure of that, and gives up what cannot go on. */
  #giveUp(vm: Vm): void {
    if (this.#world.dice.chance(0.2)) this.#cancel(vm)
  }
}
