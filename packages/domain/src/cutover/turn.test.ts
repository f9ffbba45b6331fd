import { describe, expect, it } from 'vitest'
import { isRequestedIn, turnOf } from './turn.ts'
import type { TurnVm, TurnWave } from './turn.ts'

const NOW = 1_800_000_000_000
const vm = (name: string, position: number, more: Partial<TurnVm> = {}): TurnVm => ({
  id: name, name, position, status: 'READY_FOR_CUTOVER', waitReason: null, dependsOnIds: [], apartGroup: null, cutoverAtMs: null, cutoverRequested: false, failedInWindow: false, atTarget: false, ...more,
})
const wave = (vms: readonly TurnVm[], more: Partial<TurnWave> = {}): TurnWave => ({ mode: 'AUTOMATIC', parallelCutovers: 1, vms, ...more })
const begin = { kind: 'BEGIN' }
const waits = (reason: string, detail: string | null = null) => ({ kind: 'WAIT', reason, detail })
const running: Partial<TurnVm> = { status: 'CUTTING_OVER' }
const moved: Partial<TurnVm> = { status: 'COMPLETED', atTarget: true }

it.each([[null, false], [NOW - 1, false], [NOW, true], [NOW + 1, true]] as const)('a request made at %s counts in a window from NOW on: %s', (requestedAtMs, wanted) => expect(isRequestedIn(NOW, requestedAtMs)).toBe(wanted))

describe('whose turn it is', () => {
  it.each<[string, TurnWave, string, unknown]>([
    ['the first of an automatic wave', wave([vm('a', 0), vm('b', 1)]), 'a', begin],
    ['not the second', wave([vm('a', 0), vm('b', 1)]), 'b', waits('WAITING_FOR_TURN', 'First: a.')],
    ['the second, when the first is at the target', wave([vm('a', 0, moved), vm('b', 1)]), 'b', begin],
    ['the second, when the first is being looked at there', wave([vm('a', 0, { status: 'VALIDATING', atTarget: true }), vm('b', 1)]), 'b', begin],
    ['not while the first is in its cutover', wave([vm('a', 0, running), vm('b', 1)]), 'b', waits('WAITING_FOR_TURN', 'In the cutover now: a.')],
    ['the second, when the first waits for its agent', wave([vm('a', 0, { waitReason: 'SOURCE_AGENT_AWAY' }), vm('b', 1)]), 'b', begin],
    ['the second, when the first failed and nobody asked again', wave([vm('a', 0, { failedInWindow: true }), vm('b', 1)]), 'b', begin],
    ['nobody’s who failed in this window', wave([vm('a', 0, { failedInWindow: true })]), 'a', waits('CUTOVER_FAILED')],
    ['theirs, once asked for again', wave([vm('a', 0, { failedInWindow: true, cutoverRequested: true })]), 'a', begin],
    ['by hand: nobody’s', wave([vm('a', 0)], { mode: 'MANUAL' }), 'a', waits('REQUEST_CUTOVER')],
    ['by hand: whoever was asked for', wave([vm('a', 0), vm('b', 1, { cutoverRequested: true })], { mode: 'MANUAL' }), 'b', begin],
    ['scheduled: not before its moment', wave([vm('a', 0, { cutoverAtMs: NOW + 1 })], { mode: 'SCHEDULED' }), 'a', waits('WAITING_FOR_MOMENT', `Its moment is ${new Date(NOW + 1).toISOString()}.`)],
    ['scheduled: at its moment', wave([vm('a', 0, { cutoverAtMs: NOW })], { mode: 'SCHEDULED' }), 'a', begin],
    ['scheduled: without a moment, as soon as the window is open', wave([vm('a', 0)], { mode: 'SCHEDULED' }), 'a', begin],
    ['scheduled: one whose moment is later holds nobody up', wave([vm('a', 0, { cutoverAtMs: NOW + 1 }), vm('b', 1)], { mode: 'SCHEDULED' }), 'b', begin],
    ['not before what it depends on', wave([vm('a', 0, { dependsOnIds: ['b'] }), vm('b', 1)]), 'a', waits('WAITING_FOR_VM', 'It depends on b.')],
    ['never, when what it depends on was given up: somebody has to change the plan', wave([vm('a', 0, { dependsOnIds: ['b', 'c'] }), vm('b', 1, { status: 'CANCELLED' }), vm('c', 2)]), 'a', waits('WAITING_FOR_VM', 'It depends on b, and nobody moves that any more: take it out of the plan’s dependencies.')],
    ['what others depend on, though later in order', wave([vm('a', 0, { dependsOnIds: ['b'] }), vm('b', 1)]), 'b', begin],
    ['after what it depends on', wave([vm('a', 0, { dependsOnIds: ['b'] }), vm('b', 1, moved)]), 'a', begin],
    ['two at once, where that was agreed on', wave([vm('a', 0, running), vm('b', 1)], { parallelCutovers: 2 }), 'b', begin],
    ['both of two that are ready', wave([vm('a', 0), vm('b', 1)], { parallelCutovers: 2 }), 'b', begin],
    ['not the third of three that are ready', wave([vm('a', 0), vm('b', 1), vm('c', 2)], { parallelCutovers: 2 }), 'c', waits('WAITING_FOR_TURN', 'First: a, b.')],
    ['not the third', wave([vm('a', 0, running), vm('b', 1, running), vm('c', 2)], { parallelCutovers: 2 }), 'c', waits('WAITING_FOR_TURN', 'In the cutover now: a, b.')],
    ['the one before, where there is room for one more', wave([vm('a', 0, running), vm('b', 1), vm('c', 2)], { parallelCutovers: 2 }), 'c', waits('WAITING_FOR_TURN', 'First: b.')],
    ['never two of a group', wave([vm('a', 0, { ...running, apartGroup: 'dc' }), vm('b', 1, { apartGroup: 'dc' })], { parallelCutovers: 5 }), 'b', waits('WAITING_FOR_TURN', 'It is never in its cutover together with a.')],
    ['two of different groups', wave([vm('a', 0, { ...running, apartGroup: 'dc' }), vm('b', 1, { apartGroup: 'db' })], { parallelCutovers: 5 }), 'b', begin],
    ['the one of a group that was kept apart holds no third up', wave([vm('a', 0, { ...running, apartGroup: 'dc' }), vm('b', 1, { apartGroup: 'dc' }), vm('c', 2)], { parallelCutovers: 2 }), 'c', begin],
    ['nobody’s who is not of the wave', wave([vm('a', 0)]), 'z', waits('WAITING_FOR_TURN')],
  ])('%s', (_name, given, id, wanted) => expect(turnOf(given, id, NOW)).toEqual(wanted))
})
