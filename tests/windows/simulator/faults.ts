import { CUTOVER_OVER, isReturnOver } from '@driftless/domain'
import type { CutoverStatus, ReturnStatus, ShipmentStatus } from '@driftless/domain'
import { latest } from './rows.ts'
import { STEPS } from './story.ts'
import type { Fault, FaultKind, StoryStep } from './story.ts'
import type { Vm } from './vm.ts'
import type { World } from './world.ts'

/** Who could not do their part, and when. `untilMs`: not yet over. */
export type Outage = { readonly kind: FaultKind; readonly fromMs: number; toMs: number }

/** A clock is put right by this at most; either way. */
const LONGEST_JUMP_MS = 180_000
const SLOW_SHARE = 0.05
/** A killed agent is started again by its service manager; it hears from the gateway a little later. */
const STARTED_AGAIN_MS = 2_000

/** Does to the world what the story says goes wrong, when its step is reached. */
export class Faults {
  readonly outages: Outage[] = []
  drivesTwice = false
  losesJobs = false
  lateReports = false
  repeatsReports = false
  /** The target's machines are gone for good. */
  targetLost = false
  readonly #world: World
  readonly #waiting: Fault[]

  constructor(world: World) {
    this.#world = world
    this.#waiting = [...world.story.faults]
  }

  /** A VM has come to a step: what was to go wrong there goes wrong. */
  entered(vm: Vm, step: StoryStep | CutoverStatus | ReturnStatus | ShipmentStatus): void {
    for (const fault of this.#waiting.filter(({ at }) => at === step)) {
      this.#waiting.splice(this.#waiting.indexOf(fault), 1)
      const begin = () => {
        if (this.#world.shipping?.carries(vm) === true) this.#world.coverage.count('fault on the way', fault.kind)
        this.#world.coverage.count('fault', `${fault.kind} at ${stepOf(vm)}`)
        this.#world.note(`${fault.kind} for ${Math.round(fault.lastsMs / 1000)} s while ${vm.story.name} is at ${stepOf(vm)}`)
        this.#begin(fault)
      }
      // At once: before the same driver looks again, as steps that take no time are met in no other way.
      if (fault.delayMs === 0) begin()
      else this.#world.timeline.in(fault.delayMs, begin)
    }
  }

  #begin({ kind, lastsMs }: Fault): void {
    const world = this.#world
    const lasts = (end: () => void) => {
      const outage: Outage = { kind, fromMs: world.nowMs, toMs: world.nowMs + lastsMs }
      this.outages.push(outage)
      world.timeline.in(lastsMs, end)
    }
    switch (kind) {
      case 'SOURCE_KILLED':
      case 'TARGET_KILLED': {
        const side = kind === 'SOURCE_KILLED' ? 'SOURCE' : 'TARGET'
        if (side === 'TARGET' && this.targetLost) return
        world.agent(side).die()
        return lasts(() => world.restart(side, STARTED_AGAIN_MS))
      }
      case 'COORDINATOR_KILLED':
        world.coordinator.up = false
        return lasts(() => world.restartCoordinator())
      case 'SOURCE_MUTE':
      case 'TARGET_MUTE': {
        const side = kind === 'SOURCE_MUTE' ? 'SOURCE' : 'TARGET'
        world.mute.add(side)
        return lasts(() => {
          world.mute.delete(side)
          world.tellAll(side)
        })
      }
      case 'LINK_CUT':
        world.settleAll()
        world.link.cuts += 1
        return lasts(() => {
          world.settleAll()
          world.link.cuts -= 1
        })
      case 'LINK_SLOW':
        world.settleAll()
        world.link.bytesPerSecond *= SLOW_SHARE
        return lasts(() => {
          world.settleAll()
          world.link.bytesPerSecond /= SLOW_SHARE
        })
      case 'CLOCK_FORWARD':
      case 'CLOCK_BACK':
        world.jump(Math.min(LONGEST_JUMP_MS, lastsMs) * (kind === 'CLOCK_FORWARD' ? 1 : -1))
        this.outages.push({ kind, fromMs: world.nowMs, toMs: world.nowMs })
        return
      case 'REPORTS_LATE':
        this.lateReports = true
        return lasts(() => {
          this.lateReports = false
        })
      case 'REPORTS_REPEATED':
        this.repeatsReports = true
        return lasts(() => {
          this.repeatsReports = false
        })
      case 'DRIVEN_TWICE':
        this.drivesTwice = true
        return lasts(() => {
          this.drivesTwice = false
        })
      case 'JOBS_LOST':
        this.losesJobs = true
        return lasts(() => {
          this.losesJobs = false
        })
      case 'TARGET_LOST':
        this.targetLost = true
        world.loseTarget()
        this.outages.push({ kind, fromMs: world.nowMs, toMs: Number.POSITIVE_INFINITY })
    }
  }
}

/** Where a VM is, in the words of `STEPS`; another status as it is called. */
export function stepOf({ row }: Vm): string {
  const [attempt, vmReturn] = [latest(row.attempts), latest(row.returns)]
  if (vmReturn !== null && !isReturnOver(vmReturn.status)) return vmReturn.status
  if (attempt !== null && !CUTOVER_OVER.includes(attempt.status)) return attempt.status
  if (attempt?.status === 'COMMITTED' && (row.status === 'VALIDATING' || row.status === 'COMPLETED')) return 'COMMITTED'
  if (attempt?.status === 'ROLLED_BACK' && !attempt.sourceReturned) return 'ROLLED_BACK'
  return STEPS.find((step) => step === row.status) ?? row.status
}
