import { ORDER_REFUSED } from '@driftless/domain'
import type { DesiredTarget } from '@driftless/agent-api'
import type { Shown, TargetHistory } from '../../../apps/agent/src/orders/rule.ts'
import { hashOf } from './machine.ts'
import type { TargetReport } from './rows.ts'
import type { Vm } from './vm.ts'
import type { World } from './world.ts'

export const TARGET_ID = 'agent-target'
const RETRY_MS = 5_000
const POLL_MS = 1_000

type Problem = { readonly code: string; readonly message: string }
type HandBack = { readonly attempt: number; handedBack: boolean; hash: string | null }
type State = {
  desired: DesiredTarget | null
  shown: Shown
  /** What the last round that went through was for. */
  reached: DesiredTarget | null
  /** A round runs: one at a time. */
  busy: object | null
  again: boolean
  verified: { readonly attempt: number; hash: string | null } | null
  handBack: HandBack | null
  problem: Problem | null
  retrying: boolean
  /** On its disk: a return's shutdown, of which attempt, and whether it was taken back. */
  readonly record: { attempt: number; asked: boolean; poweredOnAgain: boolean; /** What devices brought is in the replica. */ imported: boolean }
  /** The import that runs. */
  importing: object | null
  seedProblem: string | null
}

/** The agent in the provider's cloud, as `apps/agent/src/receiver` is. */
export class TargetAgent {
  up = true
  readonly #world: World
  readonly #states = new Map<Vm, State>()

  constructor(world: World) {
    this.#world = world
  }

  #state(vm: Vm): State {
    const known = this.#states.get(vm)
    if (known !== undefined) return known
    const state: State = { desired: null, shown: null, reached: null, busy: null, again: false, verified: null, handBack: null, problem: null, retrying: false, record: { attempt: 0, asked: false, poweredOnAgain: false, imported: false }, importing: null, seedProblem: null }
    this.#states.set(vm, state)
    return state
  }

  receives(vm: Vm): boolean {
    const stage = this.#states.get(vm)?.desired?.stage
    return this.up && vm.replica?.holder === 'STREAM' && (stage === 'RECEIVE' || stage === 'VERIFY' || stage === 'KEEP')
  }

  sendsBack(vm: Vm): boolean {
    const stage = this.#states.get(vm)?.desired?.stage
    return this.up && vm.replica?.holder === 'SHADOW' && (stage === 'REVERSE' || stage === 'HAND_BACK')
  }

  die(): void {
    for (const vm of this.#world.vms) vm.settle()
    this.up = false
    for (const state of this.#states.values()) Object.assign(state, { desired: null, shown: null, reached: null, busy: null, again: false, verified: null, handBack: null, problem: null, importing: null, seedProblem: null })
  }

  hear(vm: Vm, desired: DesiredTarget | null, shown: Shown): void {
    vm.settle()
    const state = this.#state(vm)
    if (desired?.attempt !== state.desired?.attempt) state.problem = null // it was another attempt's
    state.desired = desired
    state.shown = shown
    this.converge(vm)
  }

  converge(vm: Vm): void {
    const state = this.#state(vm)
    if (!this.up || state.desired === null) return
    if (state.busy !== null) {
      state.again = true
      return
    }
    this.#round(vm, state, state.desired)
  }

  #round(vm: Vm, state: State, desired: DesiredTarget): void {
    const { replica } = vm
    const history = { exists: replica !== null, bootedAttempt: replica?.holder === 'SHADOW' ? replica.bootedAttempt : null, acceptedAtMs: replica?.acceptedAtMs ?? null }
    const refusal = this.#refusal(state, desired, history)
    if (refusal !== null) {
      this.#problem(vm, state, { code: ORDER_REFUSED, message: refusal })
      return this.#later(vm, state)
    }
    if (desired.stage !== 'HAND_BACK') state.handBack = null
    if (desired.stage !== 'VERIFY') state.verified = null
    switch (desired.stage) {
      case 'DISCARD':
        return this.#remove(vm, state, () => {
          if (vm.replica !== null) this.#world.discard(vm)
          this.#done(vm, state, desired)
        })
      case 'RECEIVE':
      case 'KEEP':
        this.#prepare(vm)
        this.#seed(vm, state, desired)
        return this.#remove(vm, state, () => this.#done(vm, state, desired))
      case 'VERIFY':
        this.#prepare(vm)
        return this.#remove(vm, state, () => {
          this.#verify(vm, state, desired.attempt)
          this.#done(vm, state, desired)
        })
      case 'BOOT':
        return this.#boot(vm, state, desired)
      case 'REVERSE':
      case 'HAND_BACK':
      case 'ACCEPT':
        return this.#live(vm, state, desired)
    }
  }

  /** As `TargetSeed` does: reads the devices that it is given, once. */
  #seed(vm: Vm, state: State, { seed }: DesiredTarget): void {
    const { shipping, timeline } = this.#world
    if (seed?.step !== 'IMPORT') [state.importing, state.seedProblem] = [null, null]
    if (seed?.step !== 'IMPORT' || state.record.imported || shipping === null) return
    state.seedProblem = shipping.refused ? 'The seed is not there.' : null
    if (shipping.refused || state.importing !== null) return
    const importing = {}
    state.importing = importing
    timeline.in(shipping.story.importMs, () => {
      if (!this.up || state.importing !== importing) return
      state.record.imported = true
      vm.importSeed(shipping.story.damagedShare)
      this.#world.changed('TARGET', vm)
    })
  }

  #refusal({ shown }: State, desired: DesiredTarget, history: TargetHistory): string | null {
    return this.#world.rules.targetRefusal(TARGET_ID, desired, history, shown, this.#world.nowMs + this.#world.story.skewMs.target)
  }

  #prepare(vm: Vm): void {
    vm.settle()
    vm.replica ??= { holder: 'STREAM', bootedAttempt: null, acceptedAtMs: null, disk: { branch: '', records: 0, flipped: false, unseen: false }, atBoot: null }
  }

  /** Nothing of a shadow VM is left before the stream may write again. */
  #remove(vm: Vm, state: State, then: () => void): void {
    const { replica } = vm
    if (replica?.holder !== 'SHADOW') return then()
    this.#busy(vm, state, vm.story.removeMs, () => {
      this.#world.removeShadow(vm)
      then()
    })
  }

  #verify(vm: Vm, state: State, attempt: number): void {
    if (state.verified?.attempt === attempt) return
    const verified = { attempt, hash: null }
    state.verified = verified
    this.#world.timeline.in(vm.story.readMs / 10 + 200, () => {
      if (!this.up || state.verified !== verified || vm.replica === null) return
      vm.settle()
      state.verified = { attempt, hash: hashOf(vm.replica.disk) }
      this.#world.changed('TARGET', vm)
    })
  }

  #boot(vm: Vm, state: State, desired: DesiredTarget): void {
    const { replica } = vm
    if (replica === null) return this.#problem(vm, state, { code: 'REPLICA_MISSING', message: 'There is no replica.' })
    vm.settle()
    const first = replica.holder === 'STREAM'
    replica.holder = 'SHADOW'
    replica.bootedAttempt = desired.attempt
    if (first) replica.atBoot = null
    if (vm.shadow.power !== 'OFF') return this.#done(vm, state, desired)
    this.#busy(vm, state, 1_000, () => {
      this.#world.powerOnShadow(vm, desired.attempt)
      this.#done(vm, state, desired)
    })
  }

  /** The shadow VM is live; only a return shuts it down. */
  #live(vm: Vm, state: State, desired: DesiredTarget): void {
    const { replica } = vm
    if (replica?.holder !== 'SHADOW') return this.#problem(vm, state, { code: 'NO_SHADOW', message: 'There is no shadow VM.' })
    replica.acceptedAtMs ??= this.#world.nowMs + this.#world.story.skewMs.target
    if (desired.stage === 'HAND_BACK' && state.handBack === null) this.#handBack(vm, state, desired)
    if (desired.stage !== 'HAND_BACK') this.#keepGoing(vm, state)
    this.#done(vm, state, desired)
  }

  /** No return, or one that was called off: what is off on our account is powered on again, once. */
  #keepGoing(vm: Vm, { record }: State): void {
    if (!record.asked || record.poweredOnAgain) return
    if (vm.shadow.power === 'OFF') this.#world.powerOnShadow(vm, record.attempt)
    if (vm.shadow.power === 'ON') record.poweredOnAgain = true
  }

  #handBack(vm: Vm, state: State, desired: DesiredTarget): void {
    const handBack: HandBack = { attempt: desired.attempt, handedBack: false, hash: null }
    state.handBack = handBack
    const alive = () => this.up && state.handBack === handBack
    const rest = () => {
      if (!alive() || vm.replica === null) return
      vm.settle()
      if (vm.shadow.power !== 'OFF' || !vm.backwardConnected || vm.backwardLeftBytes > 0) return this.#world.timeline.in(POLL_MS, rest)
      handBack.handedBack = true
      handBack.hash = hashOf(vm.replica.disk)
      this.#world.changed('TARGET', vm)
    }
    const ask = () => {
      if (!alive()) return
      vm.settle()
      if (vm.shadow.power === 'ON') {
        // Drained first: with nobody to take the rest the VM would be off for nothing.
        if (!vm.backwardConnected) return this.#world.timeline.in(POLL_MS, ask)
        Object.assign(state.record, { attempt: desired.attempt, asked: true, poweredOnAgain: false })
        this.#world.shutDownShadow(vm)
        this.#world.timeline.in((desired.shutdownSeconds ?? 120) * 1000, () => {
          if (alive() && vm.shadow.power !== 'OFF') this.#problem(vm, state, { code: 'SHUTDOWN_REFUSED', message: 'It did not shut down.' })
        })
      }
      rest()
    }
    ask()
  }

  #done(vm: Vm, state: State, desired: DesiredTarget): void {
    state.reached = desired
    const broken = vm.shadowState?.health === 'BROKEN'
    const refused = state.handBack !== null && state.problem?.code === 'SHUTDOWN_REFUSED' ? state.problem : null
    this.#problem(vm, state, broken ? { code: 'GUEST_BROKEN', message: 'Its own check failed.' } : refused)
    this.#world.changed('TARGET', vm)
  }

  /** Takes `delayMs`; a killed agent begins anew. */
  #busy(vm: Vm, state: State, delayMs: number, work: () => void): void {
    const busy = {}
    state.busy = busy
    this.#world.timeline.in(delayMs, () => {
      if (state.busy !== busy) return
      state.busy = null
      work()
      if (!state.again) return
      state.again = false
      this.converge(vm)
    })
  }

  #later(vm: Vm, state: State): void {
    if (state.retrying) return
    state.retrying = true
    this.#world.timeline.in(RETRY_MS, () => {
      state.retrying = false
      this.converge(vm)
    })
  }

  #problem(vm: Vm, state: State, problem: Problem | null): void {
    if (state.problem?.code === problem?.code) return
    state.problem = problem
    this.#world.changed('TARGET', vm)
  }

  observe(vm: Vm): TargetReport | null {
    const { desired, reached, verified, handBack, problem, record, seedProblem } = this.#state(vm)
    if (!this.up || desired === null) return null
    vm.settle()
    const { stage, attempt } = desired
    const guest = vm.shadowState
    return {
      // Told as reached only when it is: on KEEP rests that no shadow VM runs.
      stage: reached?.stage === stage && reached.attempt === attempt ? stage : 'CONVERGING',
      attempt, hash: stage === 'HAND_BACK' ? (handBack?.hash ?? null) : verified?.attempt === attempt ? verified.hash : null, handedBack: handBack?.handedBack ?? false, wayBackConnected: vm.backwardConnected,
      shadow: guest && { on: vm.shadow.power === 'ON', health: guest.health, sequenceAtBoot: guest.sequenceAtBoot, wrote: guest.wrote }, problem,
      seed: desired.seed ? { imported: record.imported, problem: seedProblem } : null,
    }
  }
}

