import { LONGEST_VALIDATION_MINUTES, MOST_PARALLEL_CUTOVERS } from '../agreement.ts'
import { DomainError } from '../errors.ts'
import type { CutoverPlan } from './cutover-plan.ts'

/** Below, no guest has the time to stop its services; above, nobody would call it a downtime of seconds. */
export const SHUTDOWN_LIMIT_SECONDS = { least: 10, most: 3_600 } as const
export const LONGEST_APART_GROUP = 40

/**
 * Refuses a plan that contradicts itself: NUMBER_OUT_OF_BOUNDS, DEPENDENCY_UNKNOWN, DEPENDENCY_CYCLE (with the names, in the order of
 * their waiting), MOMENT_WITHOUT_MODE and MOMENT_OUTSIDE_WINDOW.
 */
export function checkPlan(plan: CutoverPlan): void {
  within('parallelCutovers', plan.parallelCutovers, 1, MOST_PARALLEL_CUTOVERS)
  within('validationMinutes', plan.validationMinutes, 0, LONGEST_VALIDATION_MINUTES)
  within('shutdownSeconds', plan.shutdownSeconds, SHUTDOWN_LIMIT_SECONDS.least, SHUTDOWN_LIMIT_SECONDS.most)
  const ids = new Set(plan.vms.map(({ migrationId }) => migrationId))
  for (const vm of plan.vms) {
    if (vm.dependsOnIds.some((id) => !ids.has(id))) throw new DomainError('DEPENDENCY_UNKNOWN', `${vm.name} waits for a VM that is not in this wave.`, { vm: vm.name })
    if (vm.cutoverAt === null) continue
    if (plan.mode !== 'SCHEDULED') throw new DomainError('MOMENT_WITHOUT_MODE', `${vm.name} has a moment of its own, but the wave is not scheduled.`, { vm: vm.name })

    const at = Date.parse(vm.cutoverAt)
    if (plan.window !== null && plan.window.kind === 'CUTOVER' && (at < Date.parse(plan.window.startsAt) || at >= Date.parse(plan.window.lockoutAt)))
      throw new DomainError('MOMENT_OUTSIDE_WINDOW', `The moment of ${vm.name} is not between the start and the lockout of the booked window.`, { vm: vm.name })
  }
  const cycle = dependencyCycle(plan)
  if (cycle !== null) throw new DomainError('DEPENDENCY_CYCLE', `These VMs wait for one another: ${cycle.join(', ')}.`, { vms: cycle.join(', ') })
}

function within(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) throw new DomainError('NUMBER_OUT_OF_BOUNDS', `${field} is a whole number between ${least} and ${most}.`, { field, least, most })
}

/** The names of VMs that wait for one another in a ring; null: there is no ring. Without recursion: a chain may have hundreds. */
function dependencyCycle({ vms }: CutoverPlan): string[] | null {
  const left = new Map(vms.map((vm) => [vm.migrationId, vm]))
  for (;;) {
    const free = [...left.values()].filter((vm) => vm.dependsOnIds.every((id) => !left.has(id)))
    if (free.length === 0) break
    for (const vm of free) left.delete(vm.migrationId)
  }
  const [first] = left.values()
  if (!first) return null
  // Each of what is left waits for another of them, so a walk must come by one twice: from there on it is the ring.
  const walked: string[] = []
  for (let at = first; !walked.includes(at.migrationId);) {
    walked.push(at.migrationId)
    const next = at.dependsOnIds.map((id) => left.get(id)).find((one) => one !== undefined)
    if (!next) break
    at = next
    if (walked.includes(at.migrationId)) return walked.slice(walked.indexOf(at.migrationId)).map((id) => left.get(id)?.name ?? id)
  }
  return null
}
