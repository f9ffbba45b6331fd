import { describe, expect, it } from 'vitest'
import { SHIPMENT_CARRIED, SHIPMENT_STATUSES } from '../states/shipment.ts'
import type { ShipmentStatus } from '../states/shipment.ts'
import { TRAVEL_REASONS, travelEta, travelFits } from './travel.ts'
import type { Travel, TravelReason, TravellingVm } from './travel.ts'

const NOW = Date.UTC(2026, 10, 30, 2)
const GB = 1_000_000_000
const HOUR = 3_600
const DAY = 86_400
/** Of 360 GB: written or read in an hour. It rewrites the same 2 GB within an hour, for ever. */
const vm = (change: Partial<TravellingVm> = {}): TravellingVm => ({
  id: 'web', usedBytes: 360 * GB, sizeBytes: 500 * GB, churnBytesPerSecond: 1_000_000, workingSet: [{ spanSeconds: HOUR, uniqueBytes: 2 * GB }, { spanSeconds: DAY, uniqueBytes: 2 * GB }],
  exportLeftBytes: 0, importLeftBytes: 360 * GB, dirtyBytes: 2 * GB, damagedBytes: 0, awaySeconds: DAY, ...change,
})
const travel = (status: ShipmentStatus, change: Partial<Travel> = {}): Travel => ({
  status, late: false, held: false, refused: false, nowMs: NOW, transitDays: 3, expectedAtMs: null, line: { p50BytesPerSecond: 11_000_000, p90BytesPerSecond: 6_000_000 }, wire: { leftBytes: 0, churnBytesPerSecond: 0 }, vms: [vm()], ...change,
})
const seconds = (atMs: number | null | undefined) => (atMs == null ? atMs : (atMs - NOW) / 1000)

describe('where the devices are decides when the wave is in step', () => {
  // 2 GB over what a line of 11 MB/s leaves of 1 MB/s of new writes: 200 s; on its slow tenth 400 s.
  it.each<{ of: string; given: Travel; reason: TravelReason; arrive: number; read: number }>([
    { of: 'still half to be written', given: travel('PREPARING', { vms: [vm({ exportLeftBytes: 180 * GB })] }), reason: 'WRITING', arrive: HOUR / 2 + 3 * DAY, read: 1.5 * HOUR + 3 * DAY },
    { of: 'written', given: travel('PREPARED'), reason: 'TO_HAND_OVER', arrive: 3 * DAY, read: 3 * DAY + HOUR },
    { of: 'with the carrier', given: travel('HANDED_OVER', { expectedAtMs: NOW + 40 * HOUR * 1000 }), reason: 'ON_THEIR_WAY', arrive: 40 * HOUR, read: 41 * HOUR },
    { of: 'at the target', given: travel('RECEIVED'), reason: 'TO_BE_READ', arrive: 0, read: HOUR },
    { of: 'half read', given: travel('IMPORTING', { vms: [vm({ importLeftBytes: 180 * GB })] }), reason: 'READING', arrive: 0, read: HOUR / 2 },
  ])('$of', ({ given, reason, arrive, read }) => {
    const eta = travelEta(given)
    expect(eta?.reason).toBe(reason)
    expect([seconds(eta?.arrivesAtMs), seconds(eta?.readAtMs), eta?.catchUpBytes]).toEqual([arrive, read, 2 * GB])
    expect(seconds(eta?.identicalAtMs.p50)).toBeCloseTo(read + 200, 6)
    expect(seconds(eta?.identicalAtMs.p90)).toBeCloseTo(read + 400, 6)
  })

  it.each<[TravelReason, Travel]>([
    ['HELD', travel('PREPARING', { held: true })],
    ['LATE', travel('HANDED_OVER', { late: true, expectedAtMs: NOW - HOUR * 1000 })],
    ['REFUSED', travel('IMPORTING', { refused: true })],
  ])('tells no day while somebody has to act first: %s', (reason, given) => {
    expect(travelEta(given)).toEqual({ reason, arrivesAtMs: null, readAtMs: null, identicalAtMs: { p50: null, p90: null }, catchUpBytes: 2 * GB })
  })

  it('is asked only while devices carry something, and each reason is met', () => {
    expect(SHIPMENT_STATUSES.filter((status) => travelEta(travel(status, { expectedAtMs: NOW })) !== null)).toEqual(SHIPMENT_CARRIED)
    expect(travelEta(travel('HANDED_OVER', { vms: [], expectedAtMs: NOW }))).toBeNull()
    const met = SHIPMENT_CARRIED.flatMap((status) => [{}, { held: true }, { late: true }, { refused: true }].flatMap((change) => travelEta(travel(status, { expectedAtMs: NOW, ...change }))?.reason ?? []))
    expect(new Set(met)).toEqual(new Set(TRAVEL_REASONS))
  })
})

describe('what is written on the way', () => {
  const onTheWay = (change: Partial<TravellingVm>) => travelEta(travel('HANDED_OVER', { expectedAtMs: NOW + 23 * HOUR * 1000, vms: [vm(change)] }))?.catchUpBytes
  it.each([
    ['stays what it is where the same places are rewritten', {}, 2 * GB],
    ['grows by the curve where new places are', { workingSet: [{ spanSeconds: DAY, uniqueBytes: 24 * GB }, { spanSeconds: 2 * DAY, uniqueBytes: 36 * GB }], dirtyBytes: 20 * GB }, 32 * GB],
    ['grows straight where nothing was observed', { workingSet: undefined }, 2 * GB + 1_000_000 * DAY],
    ['is never more than straight on', { workingSet: [{ spanSeconds: HOUR, uniqueBytes: 400 * GB }] }, 2 * GB + 1_000_000 * DAY],
    ['is never more than the disks', { workingSet: undefined, churnBytesPerSecond: 9_000_000 }, 500 * GB],
    ['has what was damaged on top', { damagedBytes: 5 * GB }, 7 * GB],
  ])('%s', (_of, change, expected) => {
    const { workingSet, ...rest } = { workingSet: vm().workingSet, ...change }
    const { workingSet: _own, ...bare } = vm(rest)
    expect(travelEta(travel('HANDED_OVER', { expectedAtMs: NOW + 23 * HOUR * 1000, vms: [workingSet === undefined ? bare : { ...bare, workingSet }] }))?.catchUpBytes).toBeCloseTo(expected, 0)
  })

  it('is more the later they come', () => {
    const curve = { workingSet: [{ spanSeconds: HOUR, uniqueBytes: GB }, { spanSeconds: DAY, uniqueBytes: 12 * GB }] }
    const of = (hours: number) => travelEta(travel('HANDED_OVER', { expectedAtMs: NOW + hours * HOUR * 1000, vms: [vm(curve)] }))
    const days = [1, 20, 50, 100].map(of)
    for (const [index, eta] of days.slice(1).entries()) {
      expect(eta?.catchUpBytes).toBeGreaterThan(days[index]?.catchUpBytes ?? Infinity)
      expect(eta?.identicalAtMs.p50).toBeGreaterThan(days[index]?.identicalAtMs.p50 ?? Infinity)
    }
    expect(onTheWay(curve)).toBeGreaterThan(2 * GB)
  })
})

describe('the line', () => {
  it('may be busy with the others when the devices are read', () => {
    const eta = travelEta(travel('IMPORTING', { wire: { leftBytes: 100 * GB, churnBytesPerSecond: 0 } }))
    expect(seconds(eta?.identicalAtMs.p50)).toBeCloseTo(100 * GB / 10_000_000 + 200, 6)
  })
  it('never catches up where it carries less than is written, which is told with the day of reading', () => {
    const eta = travelEta(travel('RECEIVED', { wire: { leftBytes: 0, churnBytesPerSecond: 5_500_000 } }))
    expect(seconds(eta?.readAtMs)).toBe(HOUR)
    expect(eta?.identicalAtMs.p50).not.toBeNull()
    expect(eta?.identicalAtMs.p90).toBeNull()
  })
  it('and the devices carry what compresses, compressed', () => {
    const eta = travelEta(travel('RECEIVED', { vms: [vm({ sentShare: 0.5 })] }))
    expect(seconds(eta?.readAtMs)).toBe(HOUR / 2)
    expect(seconds(eta?.identicalAtMs.p50)).toBeCloseTo(HOUR / 2 + GB / 10_500_000, 6)
  })
})

it.each([
  ['FITS', 10, 20, 30], ['TIGHT', 10, 40, 30], ['TIGHT', 10, null, 30], ['TIGHT', 10, 30, 30], ['LATE', 30, 40, 30], ['LATE', null, null, 30],
] as const)('is %s in step with P50 at %s and P90 at %s before %s', (said, p50, p90, lockout) => {
  expect(travelFits({ readAtMs: 5, identicalAtMs: { p50, p90 } }, lockout)).toBe(said)
  expect(travelFits({ readAtMs: null, identicalAtMs: { p50: null, p90: null } }, lockout)).toBe('UNKNOWN')
})
