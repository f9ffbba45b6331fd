import { ORDER_REFUSED } from '@driftless/domain'
import type { DesiredSource } from '@driftless/agent-api'
import type { BegunCutover, Shown } from '../../../apps/agent/src/orders/rule.ts'
import { hashOf } from './machine.ts'
import type { SourceReport } from './rows.ts'
import type { Vm } from './vm.ts'
import type { World } from './world.ts'

export const SOURCE_ID = 'agent-source'
const RETRY_MS = 5_000
const POLL_MS = 1_000
/** A link that is down is told after several tries. */
const LINK_TROUBLE_MS = 10_000
const LITTLE_BYTES = 4 * 1024 * 1024
const DRAIN_MS = 20_000

type Problem = { readonly code: string; readonly message: string }
/** On its disk: outlives the agent. */
type Record = { attempt: number; asked: boolean; offAtMs: number | null; poweredOnAgain: boolean; proof: string | null; begun: BegunCutover | null; released: boolean; /** Of a VM that travels: its seed was begun, and whether it is whole. */ seed: { exported: boolean } | null }
/** The last steps of an attempt; in memory alone. */
type Final = { readonly attempt: number; synced: boolean; hash: string | null; reread: SourceReport['reread'] }
type State = { desired: DesiredSource | null; shown: Shown; record: Record; final: Final | null; takeBackHash: string | null; hashing: boolean; problem: Problem | null; lostMs: number | null; retrying: boolean; /** The export that runs. */ exporting: object | null; seedProblem: string | null }

/**
 * The agent at the customer's site, as `apps/agent/src/replicator` is: it converges to what it last heard, asks the rule of
 * `apps/agent/src/orders/rule.ts` before, and remembers over its own death what its record holds.
 */
export class SourceAgent {
  up = true
  readonly #world: World
  readonly #states = new Map<Vm, State>()

  constructor(world: World) {
    this.#world = world
  }

  #state(vm: Vm): State {
    const known = this.#states.get(vm)
    if (known !== undefined) return known
    const record: Record = { attempt: 0, asked: false, offAtMs: null, poweredOnAgain: false, proof: null, begun: null, released: false, seed: null }
    const state: State = { desired: null, shown: null, record, final: null, takeBackHash: null, hashing: false, problem: null, lostMs: null, retrying: false, exporting: null, seedProblem: null }
    this.#states.set(vm, state)
    return state
  }

  streams(vm: Vm): boolean {
    const { stage, seed } = this.#states.get(vm)?.desired ?? {}
    if (seed?.step === 'EXPORT' || seed?.step === 'CARRY') return false
    return this.up && (stage === 'REPLICATE' || stage === 'PAUSE' || stage === 'FINAL' || stage === 'RETURN')
  }

  isPaused(vm: Vm): boolean {
    return this.#states.get(vm)?.desired?.stage === 'PAUSE'
  }

  takesBack(vm: Vm): boolean {
    const state = this.#states.get(vm)
    const stage = state?.desired?.stage
    return this.up && (stage === 'REVERSE' || stage === 'TAKE_BACK') && state?.problem === null && vm.source.power === 'OFF'
  }

  /** It is killed: what was in memory is gone. */
  die(): void {
    for (const vm of this.#world.vms) vm.settle()
    this.up = false
    for (const state of this.#states.values()) Object.assign(state, { desired: null, shown: null, final: null, takeBackHash: null, hashing: false, problem: null, lostMs: null, exporting: null, seedProblem: null })
  }

  /** What it should be doing, as the gateway says now; null: nothing. */
  hear(vm: Vm, desired: DesiredSource | null, shown: Shown): void {
    vm.settle()
    const state = this.#state(vm)
    state.desired = desired
    state.shown = shown
    this.converge(vm)
  }

  converge(vm: Vm): void {
    const state = this.#state(vm)
    const { desired, record } = state
    if (!this.up || desired === null) return
    const refusal = this.#refusal(state, desired)
    if (refusal !== null) {
      this.#problem(vm, state, { code: ORDER_REFUSED, message: refusal })
      return this.#again(vm, state)
    }
    if (state.problem?.code === ORDER_REFUSED) this.#problem(vm, state, null)
    if (state.final !== null && (desired.stage !== 'FINAL' || state.final.attempt !== desired.attempt)) {
      // If the two sides' proofs differed, one of them remembers wrongly: all is read back again.
      if (state.final.hash !== null && desired.stage === 'RETURN') vm.compareAnew()
      state.final = null
    }
    this.#seed(vm, state, desired)
    if (desired.stage !== 'TAKE_BACK') [state.takeBackHash, state.hashing] = [null, false]
    switch (desired.stage) {
      case 'REVERSE':
      case 'TAKE_BACK':
        if (record.begun !== null) record.released = true
        return this.#takeBack(vm, state, desired)
      case 'FINAL':
        if (state.final === null) this.#begin(vm, state, desired)
        return
      case 'RELEASE':
        if (record.begun !== null) record.released = true
        break
      case 'STOP':
        this.#powerOnAgain(vm, record)
        this.#returned(record)
        break
      case 'RETURN':
        this.#returned(record)
        this.#powerOnAgain(vm, record)
        break
      case 'REPLICATE':
      case 'PAUSE':
        this.#returned(record)
    }
    this.#problem(vm, state, null)
  }

  /** As `SourceSeed` does: remembers writes from the export's begin, writes it in its time, and forgets it where all goes over the wire. */
  #seed(vm: Vm, state: State, { seed }: DesiredSource): void {
    const { record } = state
    const { shipping, timeline } = this.#world
    if (!seed) {
      if (record.seed !== null && vm.seedAway) vm.giveSeedUp()
      record.seed = null
    }
    if (seed?.step !== 'EXPORT') state.exporting = null
    if (seed?.step !== 'EXPORT' || record.seed?.exported === true || shipping === null) return
    if (record.seed === null) {
      record.seed = { exported: false }
      vm.beginSeed()
    }
    state.seedProblem = shipping.held ? 'There is too little room.' : null
    if (shipping.held || state.exporting !== null) return this.#world.changed('SOURCE', vm)
    const exporting = {}
    state.exporting = exporting
    timeline.in(shipping.story.exportMs, () => {
      if (!this.up || state.exporting !== exporting || record.seed === null) return
      record.seed.exported = true
      this.#world.changed('SOURCE', vm)
    })
  }

  #refusal(state: State, desired: DesiredSource): string | null {
    const { record, shown } = state
    const history = { begun: record.begun, released: record.released, offOnOurAccount: record.asked && !record.poweredOnAgain }
    return this.#world.rules.sourceRefusal(SOURCE_ID, desired, history, shown, this.#world.nowMs + this.#world.story.skewMs.source)
  }

  #again(vm: Vm, state: State): void {
    if (state.retrying) return
    state.retrying = true
    this.#world.timeline.in(RETRY_MS, () => {
      state.retrying = false
      this.converge(vm)
    })
  }

  #returned(record: Record): void {
    if (!record.released && (record.begun === null || record.begun.over)) return
    record.released = false
    record.begun = record.begun && { ...record.begun, over: true }
  }

  /** Once, if it is off on our account; one that is still shutting down is waited for. */
  #powerOnAgain(vm: Vm, record: Record): void {
    if (!record.asked || record.poweredOnAgain) return
    if (vm.source.power === 'OFF') this.#world.powerOnSource(vm)
    if (vm.source.power === 'ON') record.poweredOnAgain = true
  }

  #takeBack(vm: Vm, state: State, { stage, attempt }: DesiredSource): void {
    if (vm.source.power !== 'OFF') return this.#problem(vm, state, { code: 'SOURCE_FAILED', message: 'The VM is not off.' })
    this.#problem(vm, state, null)
    if (stage !== 'TAKE_BACK' || state.hashing) return
    state.hashing = true
    this.#world.timeline.in(vm.story.readMs, () => {
      const same = this.up && state.hashing && state.desired?.stage === 'TAKE_BACK' && state.desired.attempt === attempt
      if (!same) return
      vm.settle()
      state.takeBackHash = hashOf(vm.sourceDisk)
      this.#world.changed('SOURCE', vm)
    })
  }

  // The last steps of an attempt.

  #begin(vm: Vm, state: State, { attempt, shutdownSeconds }: DesiredSource): void {
    const final: Final = { attempt, synced: false, hash: null, reread: null }
    state.final = final
    const { record } = state
    const takesUp = record.attempt === attempt && record.proof !== null && vm.source.power === 'OFF'
    if (!takesUp) return this.#drain(vm, state, final, shutdownSeconds, this.#world.nowMs)
    // After a restart: the proof still stands if the disks have the same hashes, which takes reading them.
    this.#while(state, final, vm.story.readMs, () => {
      if (record.proof !== hashOf(vm.sourceDisk) || vm.sourceDisk.unseen) return this.#drain(vm, state, final, shutdownSeconds, this.#world.nowMs)
      Object.assign(final, { synced: true, hash: record.proof, reread: 'EQUAL' })
      this.#world.changed('SOURCE', vm)
    })
  }

  /** The guest still runs: the rest is brought down before it is asked to shut down. */
  #drain(vm: Vm, state: State, final: Final, shutdownSeconds: number, sinceMs: number): void {
    vm.settle()
    this.#linkTrouble(vm, state, final)
    const late = this.#world.nowMs - sinceMs > DRAIN_MS && vm.backgroundLeftBytes === 0
    const drained = vm.forwardConnected && vm.backgroundLeftBytes === 0 && (vm.foregroundLeftBytes <= LITTLE_BYTES || late)
    if (vm.source.power === 'ON' && !drained) return this.#while(state, final, POLL_MS, () => this.#drain(vm, state, final, shutdownSeconds, sinceMs))
    if (vm.source.power === 'STARTING') return this.#while(state, final, POLL_MS, () => this.#drain(vm, state, final, shutdownSeconds, sinceMs))
    if (vm.source.power === 'OFF') return this.#off(vm, state, final)
    this.#ask(vm, state, final, shutdownSeconds)
  }

  #ask(vm: Vm, state: State, final: Final, shutdownSeconds: number): void {
    const { desired, record } = state
    const refusal = desired && this.#refusal(state, desired)
    if (desired === null || refusal !== null) {
      this.#problem(vm, state, { code: ORDER_REFUSED, message: refusal ?? 'Nothing is wanted.' })
      return this.#while(state, final, RETRY_MS, () => this.#drain(vm, state, final, shutdownSeconds, this.#world.nowMs))
    }
    Object.assign(record, { attempt: final.attempt, asked: true, offAtMs: null, poweredOnAgain: false, proof: null, begun: this.#begun(final.attempt) })
    this.#world.shutDownSource(vm)
    this.#while(state, final, shutdownSeconds * 1000, () => {
      if (vm.source.power !== 'OFF') this.#refuses(vm, state, shutdownSeconds)
    })
    this.#awaitOff(vm, state, final)
  }

  #refuses(vm: Vm, state: State, shutdownSeconds: number): void {
    const { rules, nowMs, story, coverage } = this.#world
    const agreed = state.desired && rules.powerOffAgreed(SOURCE_ID, state.desired, state.shown, nowMs + story.skewMs.source)
    if (agreed) return this.#world.powerOffSource(vm)
    coverage.count('guest', `REFUSED: ${story.refusal}`)
    this.#problem(vm, state, { code: 'SHUTDOWN_REFUSED', message: `It did not shut down within ${shutdownSeconds} s.` })
  }

  #awaitOff(vm: Vm, state: State, final: Final): void {
    if (vm.source.power === 'OFF') return this.#off(vm, state, final)
    this.#while(state, final, POLL_MS, () => this.#awaitOff(vm, state, final))
  }

  #off(vm: Vm, state: State, final: Final): void {
    const { record } = state
    if (record.attempt !== final.attempt || record.offAtMs === null) Object.assign(record, { attempt: final.attempt, offAtMs: this.#world.nowMs, proof: null, begun: this.#begun(final.attempt) })
    this.#problem(vm, state, null)
    this.#world.changed('SOURCE', vm)
    this.#last(vm, state, final)
  }

  #begun(attempt: number): BegunCutover {
    return { attempt, vmRef: 'ref', targetAgentId: 'agent-target', over: false }
  }

  /** The last blocks; then the hashes, of which most was compared before. */
  #last(vm: Vm, state: State, final: Final): void {
    vm.settle()
    this.#linkTrouble(vm, state, final)
    if (!vm.forwardConnected || !vm.inStep) return this.#while(state, final, POLL_MS, () => this.#last(vm, state, final))
    final.synced = true
    state.problem = null
    this.#world.changed('SOURCE', vm)
    this.#while(state, final, 2 * this.#world.story.latencyMs + vm.story.readMs / 10, () => {
      final.hash = hashOf(vm.sourceDisk)
      final.reread = 'RUNNING'
      state.record.proof = final.hash
      this.#world.changed('SOURCE', vm)
      this.#while(state, final, vm.story.readMs, () => {
        final.reread = vm.sourceDisk.unseen ? 'DIFFERENT' : 'EQUAL'
        this.#world.changed('SOURCE', vm)
      })
    })
  }

  /** Only for as long as this agent lives and this is wanted of it. */
  #while(state: State, final: Final, delayMs: number, work: () => void): void {
    this.#world.timeline.in(delayMs, () => {
      if (this.up && state.final === final) work()
    })
  }

  #linkTrouble(vm: Vm, state: State, final: Final): void {
    if (vm.forwardConnected) {
      state.lostMs = null
      if (state.problem?.code === 'TARGET_UNREACHABLE') this.#problem(vm, state, null)
      return
    }
    state.lostMs ??= this.#world.nowMs
    if (this.#world.nowMs - state.lostMs > LINK_TROUBLE_MS && !final.synced && state.problem === null) this.#problem(vm, state, { code: 'TARGET_UNREACHABLE', message: 'The target does not answer.' })
  }

  #problem(vm: Vm, state: State, problem: Problem | null): void {
    if (state.problem?.code === problem?.code) return
    state.problem = problem
    this.#world.changed('SOURCE', vm)
  }

  /** What it says at this moment; null: the migration is not its business. */
  observe(vm: Vm): SourceReport | null {
    const { desired, record, final, problem, takeBackHash, seedProblem } = this.#state(vm)
    if (!this.up || desired === null) return null
    vm.settle()
    const { stage, attempt } = desired
    const mine = stage === 'FINAL' && final?.attempt === attempt ? final : null
    const takesBack = stage === 'REVERSE' || stage === 'TAKE_BACK'
    const carried = desired.seed?.step === 'EXPORT' || desired.seed?.step === 'CARRY'
    return {
      stage, attempt, connected: takesBack ? vm.backwardConnected : vm.forwardConnected, // How far an export is stands where the first copy's progress does.
      backgroundLeftBytes: carried && record.seed?.exported === true ? 0 : vm.backgroundLeftBytes, foregroundLeftBytes: vm.foregroundLeftBytes, comparing: vm.comparing,
      seed: desired.seed && record.seed !== null ? { exported: record.seed.exported, problem: seedProblem } : null,
      guestOn: vm.source.power === 'ON', off: stage === 'FINAL' && record.attempt === attempt && vm.source.power === 'OFF' && record.offAtMs !== null,
      finalSynced: mine?.synced ?? false, hash: stage === 'TAKE_BACK' ? takeBackHash : (mine?.hash ?? null), reread: mine?.reread ?? null, acknowledged: vm.sourceDisk.records, problem,
    }
  }
}
