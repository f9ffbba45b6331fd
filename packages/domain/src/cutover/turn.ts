import type { CutoverMode } from '../agreement.ts'
import type { MigrationStatus } from '../states/migration.ts'
import { MIGRATION_ENDED, MIGRATION_IN_CUTOVER } from '../states/migration.ts'
import type { WaitReason } from '../waiting.ts'

/** One VM of a wave, as far as the order of its cutovers goes. */
export type TurnVm = {
  readonly id: string
  readonly name: string
  readonly position: number
  readonly status: MigrationStatus
  /** What it was last seen to wait for. */
  readonly waitReason: WaitReason | null
  readonly dependsOnIds: readonly string[]
  readonly apartGroup: string | null
  /** In a SCHEDULED wave; null: as soon as the window is open. */
  readonly cutoverAtMs: number | null
  /** By hand, in the present window. */
  readonly cutoverRequested: boolean
  /** An attempt in the present window went back. */
  readonly failedInWindow: boolean
  /** Its attempt ended well: it runs at the target, accepted or being looked at. */
  readonly atTarget: boolean
}
export type TurnWave = { readonly mode: CutoverMode; readonly parallelCutovers: number; readonly vms: readonly TurnVm[] }

/** Whether a request by hand counts in the window that starts at `windowStartsAtMs`. It was made in an open window and is for that one: in the next, somebody asks again. */
export function isRequestedIn(windowStartsAtMs: number, requestedAtMs: number | null): boolean {
  return requestedAtMs !== null && requestedAtMs >= windowStartsAtMs
}

/** What a VM has to wait for before it may begin; the detail names the VMs that it waits for. */
export type TurnAnswer = { readonly kind: 'BEGIN' } | { readonly kind: 'WAIT'; readonly reason: WaitReason; readonly detail: string | null }

/** A VM that waits for one of these does not keep its place: others need not wait for a person, an agent or a link. */
const GIVES_WAY: readonly WaitReason[] = [
  'WINDOW_MISSED', 'SOURCE_AGENT_AWAY', 'TARGET_AGENT_AWAY', 'SOURCE_HYPERVISOR_PROBLEM', 'TARGET_HYPERVISOR_PROBLEM', 'CATCHING_UP', 'NOT_CONVERGING', 'CUTTING_OVER',
]

const wait = (reason: WaitReason, detail: string | null = null): TurnAnswer => ({ kind: 'WAIT', reason, detail })

/**
 * Whether this VM of a wave, ready and in its open window, may begin its cutover. In order: somebody or something has asked for it; the
 * VMs it depends on are at the target; none of its apart group is in its cutover; there is room beside those that are; and no VM
 * before it in the wave's order is about to begin.
 */
export function turnOf(wave: TurnWave, id: string, nowMs: number): TurnAnswer {
  const own = wave.vms.find((vm) => vm.id === id)
  if (!own) return wait('WAITING_FOR_TURN')
  const unasked = waitForWord(wave, own, nowMs)
  if (unasked) return unasked
  const held = waitForOthers(wave, own)
  if (held) return held
  // Those before it take what room there is first; where some is left, nobody waits for anybody.
  const before = wave.vms.filter((vm) => vm.position < own.position && isAboutToBegin(wave, vm, nowMs))
  return before.length > 0 && inCutover(wave).length + before.length >= wave.parallelCutovers ? wait('WAITING_FOR_TURN', `First: ${names(before)}.`) : { kind: 'BEGIN' }
}

/** By hand, by the wave's order, or by the clock: what has to be said before this VM begins; null: it was. */
function waitForWord(wave: TurnWave, vm: TurnVm, nowMs: number): TurnAnswer | null {
  if (vm.cutoverRequested) return null
  if (vm.failedInWindow) return wait('CUTOVER_FAILED')
  if (wave.mode === 'MANUAL') return wait('REQUEST_CUTOVER')
  if (wave.mode === 'SCHEDULED' && vm.cutoverAtMs !== null && nowMs < vm.cutoverAtMs) return wait('WAITING_FOR_MOMENT', `Its moment is ${new Date(vm.cutoverAtMs).toISOString()}.`)
  return null
}

/** Dependencies, VMs that must not be away together, and how many may be at once. */
function waitForOthers(wave: TurnWave, vm: TurnVm): TurnAnswer | null {
  const missing = wave.vms.filter((other) => vm.dependsOnIds.includes(other.id) && !other.atTarget)
  const gone = missing.filter(({ status }) => MIGRATION_ENDED.includes(status))
  if (gone.length > 0) return wait('WAITING_FOR_VM', `It depends on ${names(gone)}, and nobody moves that any more: take it out of the plan’s dependencies.`)
  if (missing.length > 0) return wait('WAITING_FOR_VM', `It depends on ${names(missing)}.`)
  const running = inCutover(wave).filter((other) => other.id !== vm.id)
  const apart = running.filter((other) => vm.apartGroup !== null && other.apartGroup === vm.apartGroup)
  if (apart.length > 0) return wait('WAITING_FOR_TURN', `It is never in its cutover together with ${names(apart)}.`)
  return running.length >= wave.parallelCutovers ? wait('WAITING_FOR_TURN', `In the cutover now: ${names(running)}.`) : null
}

function isAboutToBegin(wave: TurnWave, vm: TurnVm, nowMs: number): boolean {
  if (vm.status !== 'READY_FOR_CUTOVER' || (vm.waitReason !== null && GIVES_WAY.includes(vm.waitReason))) return false
  return waitForWord(wave, vm, nowMs) === null && waitForOthers(wave, vm) === null
}

/** A VM that is being looked at at the target has ended its attempt: it holds nobody up. */
function inCutover(wave: TurnWave): TurnVm[] {
  return wave.vms.filter((vm) => MIGRATION_IN_CUTOVER.includes(vm.status) && !vm.atTarget)
}

function names(vms: readonly TurnVm[]): string {
  return vms.map(({ name }) => name).join(', ')
}
