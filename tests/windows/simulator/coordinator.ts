import {
  BOOKING_HOLDS_SLOT, BOOKING_OVER, BOOKING_TRANSITIONS, CUTOVER_HARMLESS, CUTOVER_OVER, CUTOVER_TRANSITIONS, MIGRATION_ENDED, MIGRATION_TRANSITIONS, RETURN_TRANSITIONS, ROLLBACK_RESERVE_SECONDS, firstOfReturn, isReturnOver, livesAtTarget, whatIsMissing,
} from '@driftless/domain'
import type { AfterCommitView, CutoverStatus, MigrationStatus, MigrationView, OrderState, ReturnStatus, StageInput, Step, TurnWave } from '@driftless/domain'
import { endBilling, startBilling } from './billing.ts'
import { allowed } from './rules.ts'
import { latest } from './rows.ts'
import type { AttemptRow, BookingRow, ReturnRow } from './rows.ts'
import { StoryFailed } from './story-failed.ts'
import type { Vm } from './vm.ts'
import type { World } from './world.ts'

/** As in the coordinator: a circle is a fault. */
const MOST_STEPS = 20
const MIB = 1024 * 1024
const SWEEP_MS = 5_000
/** Where nothing but time passing can change anything, the sweep looks as often as the thorough one does. */
const THOROUGH_MS = 30_000

/** What a driver had read when it decided: writers compare with it. */
type Facts = { readonly vm: Vm; readonly status: MigrationStatus; readonly attempt: AttemptRow | null; readonly attemptStatus: CutoverStatus | null; readonly vmReturn: ReturnRow | null; readonly returnStatus: ReturnStatus | null; readonly booking: BookingRow | null; readonly sourceReturned: boolean; readonly shadowGone: boolean }

/** The coordinator, as `apps/coordinator/src/drive` and its jobs are: reads rows, asks the rules, writes through the tables. */
export class Coordinator {
  up = true
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  get nowMs(): number {
    return this.#world.dbNowMs
  }

  start(): void {
    this.#sweep()
  }

  #sweep(): void {
    const { world } = this
    world.timeline.in(world.vms.some(isPressing) ? SWEEP_MS : THOROUGH_MS, () => this.#sweep())
    if (!this.up) return
    const first = world.dice.chance(0.5)
    if (first) world.hearAll()
    this.advanceBookings()
    for (const vm of world.vms) this.drive(vm)
    if (!first) world.hearAll()
  }

  private get world(): World {
    return this.#world
  }

  /** The wave's present booking; null: none that counts. */
  get booking(): BookingRow | null {
    return this.world.bookings.findLast(({ status }) => BOOKING_HOLDS_SLOT.includes(status)) ?? null
  }

  advanceBookings(): void {
    const waveOver = this.world.vms.every(({ row }) => MIGRATION_ENDED.includes(row.status))
    for (const booking of this.world.bookings) {
      for (;;) {
        const to = this.world.rules.nextBookingStatus(booking, this.nowMs, waveOver)
        if (to === null) break
        this.moveBooking(booking, to)
      }
    }
  }

  moveBooking(booking: BookingRow, to: BookingRow['status']): void {
    if (!allowed(BOOKING_TRANSITIONS, booking.status, to)) throw new StoryFailed('table', `A booking never goes from ${booking.status} to ${to}.`)
    this.world.note(`booking ${booking.id} ${booking.status} → ${to}`)
    this.world.coverage.count('booking', to)
    booking.status = to
    // What was asked for by hand was asked for in this window.
    if (BOOKING_OVER.includes(to)) for (const vm of this.world.vms) vm.row.cutoverRequested = false
    for (const vm of this.world.vms) this.world.wake(vm)
  }

  /** Every step of a migration that can be taken now. */
  drive(vm: Vm): void {
    if (!this.up) return
    for (let steps = 0; ; steps += 1) {
      if (steps > MOST_STEPS) throw new StoryFailed('livelock', `${vm.story.name} goes in circles.`)
      const facts = this.#facts(vm)
      vm.row.notConverging = (['REPLICATING', 'READY_FOR_CUTOVER'].includes(vm.row.status) && vm.convergence()?.converges === false)
      const view = this.view(facts)
      const step = this.world.rules.nextStep(view)
      const moved = this.#apply(step, facts, view)
      if (moved && this.world.faults.drivesTwice) this.#again(step, facts, view)
      if (!moved) return
      this.world.told(vm)
      if (!this.isUp()) return
    }
  }

  /** Asked anew: what a step leads to may have killed it. */
  isUp(): boolean {
    return this.up
  }

  /** A second driver that had read the same: none of its writes may count. */
  #again(step: Step, facts: Facts, view: MigrationView): void {
    if (this.#apply(step, facts, view) && step.kind !== 'WAIT') throw new StoryFailed('twice', `${step.kind} was taken twice.`)
  }

  #facts(vm: Vm): Facts {
    const [attempt, vmReturn] = [latest(vm.row.attempts), latest(vm.row.returns)]
    return {
      vm, status: vm.row.status, attempt, attemptStatus: attempt?.status ?? null, vmReturn, returnStatus: vmReturn?.status ?? null, booking: this.booking,
      sourceReturned: attempt?.sourceReturned ?? false, shadowGone: attempt?.shadowGone ?? false,
    }
  }

  /** As `viewOf` and `readExtras` make it. */
  view({ vm, attempt, booking }: Facts): MigrationView {
    const { row, story } = vm
    const { world, nowMs } = this
    const { wave, policy } = { wave: world.story, policy: world.story.policy }
    const harmless = attempt !== null && CUTOVER_HARMLESS.includes(attempt.status)
    const mayBegin = booking?.status === 'IN_PROGRESS' && (row.status === 'READY_FOR_CUTOVER' || row.status === 'REPLICATING')
    const looks = mayBegin || harmless
    const judged = booking !== null && looks ? world.rules.judgeApprovals(policy, booking.words, world.planHash, 'olivia', nowMs) : null
    const order = harmless ? this.#orderState(vm, booking) : 'FITS'
    const endsAtMs = attempt !== null && !CUTOVER_OVER.includes(attempt.status) ? (world.bookings.find(({ id }) => id === attempt.bookingId)?.endsAtMs ?? null) : null
    return {
      status: row.status, resumeStatus: row.resumeStatus, paused: world.paused, automatic: wave.mode !== 'MANUAL', diskKeys: ['disk0'], neededBytes: story.sizeBytes, diverges: row.notConverging,
      source: this.#sourceView(vm, attempt), target: this.#targetView(vm),
      booking: booking && { status: booking.status, window: world.rules.windowAt(booking, nowMs, looks ? this.neededSeconds(vm) : 0) },
      passedWindow: booking === null && world.bookings.some(({ status }) => status === 'DONE'),
      goNoGo: judged === null || judged.verdict === 'WAITING' ? null : judged.verdict, goNoGoDetail: judged && whatIsMissing(judged), order,
      attempt: attempt && {
        number: attempt.number, status: attempt.status, shadowGone: attempt.shadowGone, sourceReturned: attempt.sourceReturned,
        secondsInStatus: (nowMs - attempt.statusChangedAtMs) / 1000, windowLeftSeconds: endsAtMs === null ? 0 : (endsAtMs - nowMs) / 1000,
      },
      test: null,
      turn: mayBegin && booking !== null ? world.rules.turnOf(this.turnWave(booking), row.id, nowMs) : { kind: 'BEGIN' },
      limits: { shutdownSeconds: wave.shutdownSeconds, refusal: wave.refusal },
      afterCommit: this.#afterCommit(vm, attempt),
    }
  }

  /** What has to be left of the window for a cutover to start. */
  neededSeconds({ story, churnBytesPerSecond }: Vm): number {
    const { linkBytesPerSecond } = this.world.story
    const share = linkBytesPerSecond / this.world.vms.length
    // What was compared while the guest ran is not read again.
    const forecast = this.world.rules.forecastCutover({ usedBytes: story.sizeBytes, sizeBytes: story.sizeBytes, unprovenBytes: 64 * MIB, churnRates: [churnBytesPerSecond] }, { p50BytesPerSecond: share, p90BytesPerSecond: share * 0.7 }, null)
    return forecast.total.p90 + ROLLBACK_RESERVE_SECONDS
  }

  turnWave(booking: BookingRow): TurnWave {
    const { vms, story } = this.world
    return {
      mode: story.mode, parallelCutovers: story.parallelCutovers,
      vms: vms.map(({ row, story: { name } }) => {
        const attempt = latest(row.attempts)
        const returning = row.returns.some(({ status }) => !isReturnOver(status))
        return {
          id: row.id, name, position: row.position, status: row.status, waitReason: row.waitReason, dependsOnIds: row.dependsOnIds, apartGroup: row.apartGroup,
          cutoverAtMs: row.cutoverAtMs, cutoverRequested: row.cutoverRequested,
          failedInWindow: (attempt?.status === 'ROLLED_BACK' || (attempt?.status === 'COMMITTED' && row.status !== 'VALIDATING')) && attempt.bookingId === booking.id,
          atTarget: !returning && livesAtTarget(row.status, attempt?.status),
        }
      }),
    }
  }

  #orderState({ row }: Vm, booking: BookingRow | null): OrderState {
    const order = row.orders.findLast((one) => one.order.kind === 'CUTOVER' && one.bookingId === booking?.id)
    if (order === undefined) return 'MISSING'
    return order.planVersion === this.world.planVersion ? 'FITS' : 'PLAN_CHANGED'
  }

  #sourceView({ row }: Vm, attempt: AttemptRow | null): MigrationView['source'] {
    const said = row.source
    const ended = said?.stage === 'FINAL' || said?.stage === 'TAKE_BACK'
    return {
      silentSeconds: this.world.silentSeconds('SOURCE'), hypervisorProblem: null, attempt: said?.attempt ?? 0, connected: said?.connected ?? false,
      backgroundLeftBytes: said?.backgroundLeftBytes ?? 0, foregroundLeftBytes: said?.foregroundLeftBytes ?? 0, comparing: said?.comparing ?? false, reported: said !== null,
      guestOn: said?.guestOn ?? false, stage: said?.stage ?? null, off: said?.off ?? false, finalSynced: said?.finalSynced ?? false,
      hashes: ended && said.hash !== null ? { disk0: said.hash } : null, reread: said?.reread ?? null, acknowledgedSequence: attempt?.acknowledged ?? said?.acknowledged ?? 0, problem: said?.problem ?? null, test: null,
    }
  }

  #targetView({ row: { target: said } }: Vm): MigrationView['target'] {
    return {
      silentSeconds: this.world.silentSeconds('TARGET'), hypervisorProblem: null, attempt: said?.attempt ?? 0, stage: said?.stage ?? null, freeBytes: null,
      hashes: said === null || said.hash === null ? null : { disk0: said.hash }, handedBack: said?.handedBack ?? false,
      shadow: said?.shadow ? { ...said.shadow, healthDetail: null } : null, problem: said?.problem ?? null, test: null,
    }
  }

  #afterCommit({ row }: Vm, attempt: AttemptRow | null): AfterCommitView {
    const last = latest(row.returns)
    const own = last !== null && last.attempt === attempt?.number ? last : null
    const since = (atMs: number | null, beginMs: number) => atMs !== null && atMs >= beginMs
    return {
      secondsLeft: row.validationEndsAtMs === null ? null : (row.validationEndsAtMs - this.nowMs) / 1000, byDefault: this.world.story.validationDefault, accepted: row.acceptAsked,
      vmReturn: own === null || isReturnOver(own.status) ? null : {
        status: own.status, wayBack: own.wayBack, secondsInStatus: (this.nowMs - own.statusChangedAtMs) / 1000, handedBack: own.targetHash === null ? {} : { disk0: own.targetHash },
        sourceHeard: since(row.sourceAtMs, own.statusChangedAtMs), targetHeard: since(row.targetAtMs, own.statusChangedAtMs),
      },
      calledOff: own?.status === 'CALLED_OFF' ? own.failureCode : null,
    }
  }

  stageInput({ row }: Vm): StageInput {
    const attempt = latest(row.attempts)
    return {
      status: row.status, resumeStatus: row.resumeStatus, paused: this.world.paused, wayBack: row.wayBack, attempt,
      vmReturn: row.returns.find(({ status }) => !isReturnOver(status)) ?? null,
    }
  }

  /** Writes one step; false: nothing more to do now, or somebody else was quicker. */
  #apply(step: Step, facts: Facts, view: MigrationView): boolean {
    const { vm, attempt, booking } = facts
    switch (step.kind) {
      case 'NOTHING':
        return false
      case 'WAIT':
        if (vm.row.waitReason !== step.reason) this.world.coverage.count('wait', step.reason)
        Object.assign(vm.row, { waitReason: step.reason, waitDetail: step.detail })
        return false
      case 'MOVE':
        return this.move(facts, step.to)
      case 'BLOCK':
        return this.move(facts, 'BLOCKED')
      case 'UNBLOCK':
        return this.move(facts, step.to)
      case 'BEGIN_ATTEMPT':
        if (booking === null) throw new StoryFailed('booking', 'A cutover begins without a booking.')
        return this.#beginAttempt(facts, booking)
      case 'ADVANCE_ATTEMPT':
        return this.#advance(facts, step.to, view)
      case 'SHADOW_GONE':
        if (attempt === null || !this.world.rules.owns(String(facts.shadowGone), String(attempt.shadowGone))) return false
        attempt.shadowGone = true
        return true
      case 'SOURCE_RETURNED':
        if (attempt === null || !this.world.rules.owns(String(facts.sourceReturned), String(attempt.sourceReturned))) return false
        attempt.sourceReturned = true
        return true
      case 'ROLL_BACK':
        return this.rollBack(facts, step.code)
      case 'COMMIT':
        return this.#commit(facts)
      case 'ACCEPT':
        return this.#accept(facts)
      case 'BEGIN_RETURN':
        return this.beginReturn(vm, true)
      case 'ADVANCE_RETURN':
        return this.#advanceReturn(facts, step.to)
      case 'CALL_OFF_RETURN':
        if (facts.vmReturn !== null) facts.vmReturn.failureCode = step.code
        this.world.coverage.count('return ends', step.code)
        return this.#advanceReturn(facts, 'CALLED_OFF')
      case 'BEGIN_TEST':
      case 'ADVANCE_TEST':
      case 'END_TEST':
      case 'TEST_ENDED':
        throw new StoryFailed('test', 'There are no tests in these stories.')
    }
  }

  /** False: somebody else moved it first. */
  move({ vm, status }: Pick<Facts, 'vm' | 'status'>, to: MigrationStatus): boolean {
    const { row, story } = vm
    if (!allowed(MIGRATION_TRANSITIONS, status, to)) throw new StoryFailed('table', `A migration never goes from ${status} to ${to}.`)
    if (!this.world.rules.owns(status, row.status)) return false
    this.world.note(`${story.name} ${row.status} → ${to}`)
    Object.assign(row, { status: to, waitReason: null, waitDetail: null, ...(to === 'BLOCKED' ? { resumeStatus: status } : {}) })
    if (to === 'READY_FOR_CUTOVER') this.world.faults.entered(vm, to)
    return true
  }

  #moveAttempt({ vm, attempt, attemptStatus }: Facts, to: CutoverStatus): boolean {
    if (attempt === null || attemptStatus === null) throw new StoryFailed('attempt', 'There is no attempt.')
    if (!allowed(CUTOVER_TRANSITIONS, attemptStatus, to)) throw new StoryFailed('table', `A cutover attempt never goes from ${attemptStatus} to ${to}.`)
    if (!this.world.rules.owns(attemptStatus, attempt.status)) return false
    this.world.note(`${vm.story.name} attempt ${attempt.number} ${attempt.status} → ${to}`)
    attempt.status = to
    attempt.statusChangedAtMs = this.nowMs
    return true
  }

  #beginAttempt(facts: Facts, booking: BookingRow): boolean {
    const { vm } = facts
    const turn = this.world.rules.turnOf(this.turnWave(booking), vm.row.id, this.nowMs)
    if (turn.kind === 'WAIT') return false
    if (!this.move(facts, 'CUTTING_OVER')) return false
    vm.row.cutoverRequested = false
    vm.row.attempts.push({ number: vm.row.attempts.length + 1, bookingId: booking.id, status: 'PREFLIGHT', statusChangedAtMs: this.nowMs, acknowledged: null, shadowGone: false, sourceReturned: false, failureCode: null })
    this.world.invariants.begun(vm, booking)
    this.world.entered(vm, 'PREFLIGHT')
    return true
  }

  #advance(facts: Facts, to: CutoverStatus, view: MigrationView): boolean {
    const { vm } = facts
    if (!this.#moveAttempt(facts, to) || facts.attempt === null) return false
    if (to === 'SOURCE_QUIESCING') this.world.invariants.goes(vm, facts.attempt)
    if (to === 'SOURCE_OFF') facts.attempt.acknowledged = view.source.acknowledgedSequence
    if (to === 'VALIDATING') this.move({ vm, status: vm.row.status }, 'VALIDATING')
    this.world.entered(vm, to)
    return true
  }

  rollBack(facts: Facts, code: string): boolean {
    const { vm, attempt, attemptStatus } = facts
    if (!this.#moveAttempt(facts, 'ROLLED_BACK') || attempt === null || attemptStatus === null) return false
    attempt.failureCode = code
    if (CUTOVER_HARMLESS.includes(attemptStatus)) attempt.sourceReturned = true
    if (attemptStatus !== 'TARGET_BOOTING' && attemptStatus !== 'VALIDATING') attempt.shadowGone = true
    this.world.note(`${vm.story.name} went back: ${code}`)
    this.world.coverage.count('attempt ends', code)
    this.move({ vm, status: vm.row.status }, 'REPLICATING')
    vm.row.cutoverRequested = false
    this.world.invariants.wentBack(vm, attempt, attemptStatus)
    this.world.entered(vm, 'ROLLED_BACK')
    return true
  }

  #commit(facts: Facts): boolean {
    const { vm } = facts
    if (!this.#moveAttempt(facts, 'COMMITTED') || facts.attempt === null) return false
    const { validationMinutes, keepWayBack } = this.world.story
    this.world.invariants.committed(vm, facts.attempt)
    this.world.coverage.count('attempt ends', 'COMMITTED')
    vm.row.validationEndsAtMs = validationMinutes === 0 ? null : this.nowMs + validationMinutes * 60_000
    vm.row.wayBack = validationMinutes > 0 && keepWayBack
    vm.row.acceptAsked = false
    this.world.entered(vm, 'COMMITTED')
    return true
  }

  #accept(facts: Facts): boolean {
    const { vm, attempt } = facts
    const asAgreed = !vm.row.acceptAsked
    const hadTime = vm.row.validationEndsAtMs
    if (!this.move(facts, 'COMPLETED') || attempt === null) return false
    this.world.invariants.accepted(vm, asAgreed, hadTime)
    Object.assign(vm.row, { validationEndsAtMs: null, wayBack: false })
    this.world.coverage.count('migration ends', asAgreed ? (hadTime === null ? 'COMPLETED AT ONCE' : 'COMPLETED BY TIMER') : 'COMPLETED BY A PERSON')
    startBilling(this.world, vm, attempt.number)
    return true
  }

  /** Of a person, or as agreed. */
  beginReturn(vm: Vm, byDefault: boolean): boolean {
    const attempt = latest(vm.row.attempts)
    if (attempt === null || vm.row.returns.some(({ status }) => !isReturnOver(status))) return false
    const order = vm.row.orders.findLast((one) => one.order.kind === 'RETURN' && (byDefault ? one.bookingId === attempt.bookingId : one.bookingId === null))
    const status = firstOfReturn(vm.row.wayBack)
    vm.row.returns.push({ attempt: attempt.number, wayBack: vm.row.wayBack, byDefault, orderId: order?.order.id ?? null, status, statusChangedAtMs: this.nowMs, targetHash: null, failureCode: null })
    this.world.note(`${vm.story.name} return ${status}${byDefault ? ' as agreed' : ''}`)
    this.world.coverage.count('return begins', `${byDefault ? 'AS AGREED' : 'BY A PERSON'}${vm.row.wayBack ? ' WITH THE WAY BACK' : ''}`)
    this.world.entered(vm, status)
    return true
  }

  #advanceReturn({ vm, vmReturn, returnStatus, attempt }: Facts, to: ReturnStatus): boolean {
    if (vmReturn === null || returnStatus === null || attempt === null) throw new StoryFailed('return', 'There is no return.')
    if (!allowed(RETURN_TRANSITIONS, returnStatus, to)) throw new StoryFailed('table', `A return never goes from ${returnStatus} to ${to}.`)
    if (!this.world.rules.owns(returnStatus, vmReturn.status)) return false
    this.world.note(`${vm.story.name} return ${vmReturn.status} → ${to}${vmReturn.failureCode === null ? '' : ` (${vmReturn.failureCode})`}`)
    vmReturn.status = to
    vmReturn.statusChangedAtMs = this.nowMs
    if (to === 'PROVING') vmReturn.targetHash = vm.row.target?.hash ?? null
    if (to === 'STARTING_SOURCE') this.world.invariants.goesHome(vm, vmReturn)
    this.world.entered(vm, to)
    if (to !== 'RETURNED') return true
    const accepted = vm.row.status === 'COMPLETED'
    this.move({ vm, status: vm.row.status }, accepted ? 'ROLLED_BACK' : 'REPLICATING')
    Object.assign(vm.row, { validationEndsAtMs: null, wayBack: false, acceptAsked: false, cutoverRequested: false })
    if (accepted) endBilling(this.world, vm, attempt.number)
    this.world.coverage.count('return ends', accepted ? 'RETURNED AFTER ACCEPTANCE' : 'RETURNED')
    if (accepted) this.world.coverage.count('migration ends', 'ROLLED_BACK')
    return true
  }
}

/** Seconds count. */
function isPressing({ row }: Vm): boolean {
  const attempt = latest(row.attempts)
  return (attempt !== null && !CUTOVER_OVER.includes(attempt.status)) || (attempt?.status === 'ROLLED_BACK' && !attempt.sourceReturned) || row.returns.some(({ status }) => !isReturnOver(status))
}
