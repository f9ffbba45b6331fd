import { describe, expect, test } from 'vitest'
import { sourceStage, targetStage } from '@driftless/agent-api'
import type { DesiredSource, DesiredTarget } from '@driftless/agent-api'
import type { CutoverOrder, DiscardOrder, ReturnOrder } from '@driftless/orders'
import { powerOffAgreed, sourceRefusal, targetRefusal } from './rule.ts'
import type { Shown, SourceHistory, TargetHistory } from './rule.ts'

const HOUR = 3_600_000
const STARTS = Date.parse('2026-11-29T20:00:00Z')
const at = (ms: number) => new Date(ms).toISOString()
const disks = [{ key: 'disk-0', sizeBytes: 10 }]
const person = { id: 'anna', name: 'Anna Keller' }

const source: DesiredSource = {
  migrationId: 'm-1', waveId: 'w-1', vmRef: 'vm-1', stage: 'FINAL', attempt: 2, target: { agentId: 'target', host: 'h', port: 1 }, disks,
  rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 60,
}
const target: DesiredTarget = {
  migrationId: 'm-1', sourceAgentId: 'source', stage: 'BOOT', attempt: 2, acknowledgedSequence: 0,
  shape: { name: 'mail', guestOs: 'x', cpus: 2, memoryBytes: 1024, network: 'web', storage: 'gold', disks, hypervisor: {} },
}
const cutover: CutoverOrder = {
  version: 1, kind: 'CUTOVER', id: 'o', migrationId: 'm-1', planHash: '0'.repeat(64),
  plan: { sourceAgentId: 'source', targetAgentId: 'target', vmRef: 'vm-1', name: 'mail', cpus: 2, memoryBytes: 1024, network: 'web', storage: 'gold', disks },
  approval: { waveId: 'w-1', bookingId: 'b-1', decidedBy: person, decidedAt: at(STARTS - HOUR), window: { startsAt: at(STARTS), lockoutAt: at(STARTS + HOUR), endsAt: at(STARTS + 2 * HOUR) } },
  startBefore: at(STARTS + HOUR), expiresAt: at(STARTS + 4 * HOUR),
}
const ended = { version: 1, id: 'o', migrationId: 'm-1', sourceAgentId: 'source', targetAgentId: 'target', decidedBy: person, decidedAt: at(STARTS + 3 * HOUR), expiresAt: at(STARTS + 100 * HOUR) } as const
const discard: DiscardOrder = { ...ended, kind: 'DISCARD' }
const goHome: ReturnOrder = { ...ended, kind: 'RETURN' }

/** Every order there can be, by what is wrong with it. */
const ORDERS: Record<string, Shown> = {
  none: null,
  forged: { fault: 'is not signed by the portal’s key' },
  cutover: { order: cutover },
  'cutover of another migration': { order: { ...cutover, migrationId: 'm-2' } },
  'cutover of another VM': { order: { ...cutover, plan: { ...cutover.plan, vmRef: 'vm-2' } } },
  'cutover with other disks': { order: { ...cutover, plan: { ...cutover.plan, disks: [{ key: 'disk-0', sizeBytes: 11 }] } } },
  'cutover with one disk more': { order: { ...cutover, plan: { ...cutover.plan, disks: [...disks, { key: 'disk-1', sizeBytes: 10 }] } } },
  'cutover from another agent': { order: { ...cutover, plan: { ...cutover.plan, sourceAgentId: 'other' } } },
  'cutover to another agent': { order: { ...cutover, plan: { ...cutover.plan, targetAgentId: 'other' } } },
  'cutover with more memory': { order: { ...cutover, plan: { ...cutover.plan, memoryBytes: 2048 } } },
  'cutover with fewer cpus': { order: { ...cutover, plan: { ...cutover.plan, cpus: 1 } } },
  'cutover to another network': { order: { ...cutover, plan: { ...cutover.plan, network: 'dmz' } } },
  'cutover to another storage': { order: { ...cutover, plan: { ...cutover.plan, storage: 'bronze' } } },
  discard: { order: discard },
  'discard of another migration': { order: { ...discard, migrationId: 'm-2' } },
  'discard of another agent': { order: { ...discard, sourceAgentId: 'other', targetAgentId: 'other' } },
  'discard that expired': { order: { ...discard, expiresAt: at(STARTS) } },
  return: { order: goHome },
  'return of another migration': { order: { ...goHome, migrationId: 'm-2' } },
}

const begun = { attempt: 2, vmRef: 'vm-1', targetAgentId: 'target', over: false }
const SOURCE_HISTORIES: Record<string, SourceHistory> = {
  untouched: { begun: null, released: false, offOnOurAccount: false },
  'off in attempt 2': { begun, released: false, offOnOurAccount: true },
  'off in attempt 1': { begun: { ...begun, attempt: 1 }, released: false, offOnOurAccount: true },
  'off, as another VM': { begun: { ...begun, vmRef: 'vm-2' }, released: false, offOnOurAccount: true },
  'off by an older agent': { begun: { ...begun, vmRef: null, targetAgentId: null }, released: false, offOnOurAccount: true },
  'on again after attempt 2': { begun: { ...begun, over: true }, released: false, offOnOurAccount: false },
  'handed over': { begun, released: true, offOnOurAccount: true },
}
const TARGET_HISTORIES: Record<string, TargetHistory> = {
  nothing: { exists: false, bootedAttempt: null, acceptedAtMs: null },
  replica: { exists: true, bootedAttempt: null, acceptedAtMs: null },
  'booted in attempt 2': { exists: true, bootedAttempt: 2, acceptedAtMs: null },
  'booted in attempt 1': { exists: true, bootedAttempt: 1, acceptedAtMs: null },
  'accepted before': { exists: true, bootedAttempt: 2, acceptedAtMs: STARTS + 2 * HOUR },
  'accepted since': { exists: true, bootedAttempt: 2, acceptedAtMs: STARTS + 3 * HOUR },
}
const all = (record: Record<string, unknown>) => Object.keys(record)
const but = (record: Record<string, unknown>, ...without: string[]) => all(record).filter((name) => !without.includes(name))
/** A table's row: with these histories and these orders, and with no others, it may be done. */
type Allowed = [histories: string[], orders: string[]][]

const SOURCE_TABLE: Record<DesiredSource['stage'], Allowed> = {
  REPLICATE: [[but(SOURCE_HISTORIES, 'handed over'), all(ORDERS)]],
  PAUSE: [[but(SOURCE_HISTORIES, 'handed over'), all(ORDERS)]],
  FINAL: [
    [['off in attempt 2', 'off by an older agent'], all(ORDERS)],
    // What is built at the target is the target's to judge.
    [['untouched', 'off in attempt 1', 'off, as another VM', 'on again after attempt 2'], ['cutover', 'cutover with more memory', 'cutover with fewer cpus', 'cutover to another network', 'cutover to another storage']],
  ],
  RETURN: [[but(SOURCE_HISTORIES, 'handed over', 'off, as another VM'), all(ORDERS)], [['handed over'], ['return']]],
  STOP: [[['untouched', 'on again after attempt 2'], all(ORDERS)], [but(SOURCE_HISTORIES, 'handed over'), ['discard']]],
  RELEASE: [[but(SOURCE_HISTORIES, 'untouched', 'on again after attempt 2'), all(ORDERS)]],
  REVERSE: [[but(SOURCE_HISTORIES, 'untouched', 'on again after attempt 2'), all(ORDERS)]],
  TAKE_BACK: [[but(SOURCE_HISTORIES, 'untouched', 'on again after attempt 2'), all(ORDERS)]],
}
const NOT_ACCEPTED = but(TARGET_HISTORIES, 'accepted before', 'accepted since')
const TARGET_TABLE: Record<DesiredTarget['stage'], Allowed> = {
  RECEIVE: [[NOT_ACCEPTED, all(ORDERS)], [all(TARGET_HISTORIES), ['return']]],
  VERIFY: [[NOT_ACCEPTED, all(ORDERS)], [all(TARGET_HISTORIES), ['return']]],
  KEEP: [[NOT_ACCEPTED, all(ORDERS)], [all(TARGET_HISTORIES), ['return']]],
  // Which VM at the source it was is the source's to judge.
  BOOT: [[NOT_ACCEPTED, ['cutover', 'cutover of another VM']]],
  ACCEPT: [[all(TARGET_HISTORIES), all(ORDERS)]],
  DISCARD: [[['nothing'], all(ORDERS)], [but(TARGET_HISTORIES, 'accepted since'), ['discard']]],
  REVERSE: [[all(TARGET_HISTORIES), all(ORDERS)]],
  HAND_BACK: [[all(TARGET_HISTORIES), ['return']]],
}
const allows = (rows: Allowed, history: string, order: string) => rows.some(([histories, orders]) => histories.includes(history) && orders.includes(order))

const NOW = STARTS + HOUR / 2

describe('what an agent does only on a signed order', () => {
  test.each(sourceStage.options)('at the source: %s', (stage) => {
    for (const [history, past] of Object.entries(SOURCE_HISTORIES)) {
      for (const [name, shown] of Object.entries(ORDERS)) {
        const refusal = sourceRefusal('source', { ...source, stage }, past, shown, NOW)
        expect([history, name, refusal === null], refusal ?? '').toEqual([history, name, allows(SOURCE_TABLE[stage], history, name)])
      }
    }
  })

  test.each(targetStage.options)('at the target: %s', (stage) => {
    for (const [history, past] of Object.entries(TARGET_HISTORIES)) {
      for (const [name, shown] of Object.entries(ORDERS)) {
        const refusal = targetRefusal('target', { ...target, stage }, past, shown, NOW)
        expect([history, name, refusal === null], refusal ?? '').toEqual([history, name, allows(TARGET_TABLE[stage], history, name)])
      }
    }
  })

  test('every refusal says why and what to do, and fits a report', () => {
    for (const shown of Object.values(ORDERS)) {
      for (const past of Object.values(SOURCE_HISTORIES)) for (const stage of sourceStage.options) check(sourceRefusal('source', { ...source, stage }, past, shown, NOW))
      for (const past of Object.values(TARGET_HISTORIES)) for (const stage of targetStage.options) check(targetRefusal('target', { ...target, stage }, past, shown, NOW))
    }
    function check(refusal: string | null): void {
      if (refusal !== null) expect(refusal).toMatch(/^.{40,500}$/)
    }
  })
})

describe('time', () => {
  const untouched = { begun: null, released: false, offOnOurAccount: false }
  const replica = { exists: true, bootedAttempt: null, acceptedAtMs: null }
  test.each([
    ['long before the window', STARTS - HOUR, /begins only at/, /begins only at/],
    ['a moment before, by a clock that is slow', STARTS - 60_000, null, null],
    ['in it', NOW, null, null],
    ['at the lockout', STARTS + HOUR, null, null],
    ['after the lockout', STARTS + HOUR + 1, /no beginning after/, null],
    ['as long as a cutover that began in time may take', STARTS + 4 * HOUR, /no beginning after/, null],
    ['after that', STARTS + 4 * HOUR + 1, /no beginning after/, /expired at/],
  ])('%s', (_, now, atSource, atTarget) => {
    const stopping = sourceRefusal('source', source, untouched, { order: cutover }, now)
    const booting = targetRefusal('target', target, replica, { order: cutover }, now)
    expect([stopping, booting]).toEqual([atSource && expect.stringMatching(atSource), atTarget && expect.stringMatching(atTarget)])
  })

  test('does not stop what was rightly begun, whatever comes with it', () => {
    const late = STARTS + 1_000 * HOUR
    expect(sourceRefusal('source', source, { begun, released: false, offOnOurAccount: true }, null, late)).toBeNull()
    expect(targetRefusal('target', target, { exists: true, bootedAttempt: 2, acceptedAtMs: null }, { order: cutover }, late)).toBeNull()
    // But a VM that was removed meanwhile is not built anew as something else.
    expect(targetRefusal('target', { ...target, shape: { ...target.shape, network: 'dmz' } }, { exists: true, bootedAttempt: 2, acceptedAtMs: null }, { order: cutover }, late)).toMatch(/not what was approved \(network\)/)
  })
})

describe('a guest that does not shut down', () => {
  const harder: CutoverOrder = { ...cutover, version: 2, onRefusedShutdown: 'POWER_OFF', powerOffAfterSeconds: 90 }
  const agreed = { by: 'Anna Keller', afterSeconds: 90 }
  const asks = (order: CutoverOrder, more: Partial<DesiredSource> = {}, now = NOW) => powerOffAgreed('source', { ...source, ...more }, { order }, now)

  test('is powered off on the word of its own order, with its time, and on no other', () => {
    expect(asks(harder)).toEqual(agreed)
    for (const [name, shown] of Object.entries(ORDERS)) expect(powerOffAgreed('source', source, shown, NOW), name).toBeNull()
    const { plan } = harder
    const wrong: CutoverOrder[] = [
      { ...harder, migrationId: 'm-2' }, { ...harder, plan: { ...plan, vmRef: 'vm-2' } }, { ...harder, plan: { ...plan, sourceAgentId: 'other' } }, { ...harder, plan: { ...plan, targetAgentId: 'other' } },
      { ...harder, plan: { ...plan, disks: [{ key: 'disk-0', sizeBytes: 11 }] } }, { ...cutover, powerOffAfterSeconds: 90 }, { ...cutover, onRefusedShutdown: 'POWER_OFF' },
    ]
    for (const order of wrong) expect(asks(order)).toBeNull()
  })

  test.each(sourceStage.options.filter((stage) => stage !== 'FINAL'))('is not powered off in %s', (stage) => expect(asks(harder, { stage })).toBeNull())

  test.each([
    ['long before its window', STARTS - HOUR, null],
    ['in it', NOW, agreed],
    ['after the lockout, as it began before', STARTS + HOUR + 1, agreed],
    ['at the window’s end', STARTS + 2 * HOUR, null],
    ['after it, however long the order holds', STARTS + 3 * HOUR, null],
  ])('%s', (_, now, wanted) => expect(asks(harder, {}, now)).toEqual(wanted))
})

test('what a source takes back comes from the agent that the VM went to alone', () => {
  const history = { begun, released: true, offOnOurAccount: true }
  const reverse: DesiredSource = { ...source, stage: 'REVERSE' }
  expect(sourceRefusal('source', reverse, history, null, NOW)).toBeNull()
  expect(sourceRefusal('source', { ...reverse, target: { agentId: 'stranger', host: 'h', port: 1 } }, history, null, NOW)).toMatch(/another target agent/)
})
