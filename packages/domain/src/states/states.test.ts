import { describe, expect, it } from 'vitest'
import { BOOKING_HOLDS_SLOT, BOOKING_OVER, BOOKING_STATUSES, BOOKING_TRANSITIONS } from './booking.ts'
import { CUTOVER_COMMITTING, CUTOVER_HARMLESS, CUTOVER_OVER, CUTOVER_STATUSES, CUTOVER_TRANSITIONS } from './cutover.ts'
import { MIGRATION_ENDED, MIGRATION_IN_CUTOVER, MIGRATION_PLANNED, MIGRATION_STATUSES, MIGRATION_TRANSITIONS, MIGRATION_UNDER_WAY } from './migration.ts'
import { RETURN_OVER, RETURN_STATUSES, RETURN_TRANSITIONS, RETURN_UNDER_WAY, firstOfReturn } from './return.ts'
import { SHIPMENT_CARRIED, SHIPMENT_CATCHING_UP, SHIPMENT_OVER, SHIPMENT_STATUSES, SHIPMENT_TRANSITIONS, expectedArrival, isShipmentLate } from './shipment.ts'
import { TEST_BOOT_OVER, TEST_BOOT_RUNNING, TEST_BOOT_STATUSES, TEST_BOOT_TRANSITIONS, TEST_BOOT_UNDER_WAY } from './test-boot.ts'
import { canTransition, sourcesOf, terminalStates } from './transition-table.ts'
import type { TransitionTable } from './transition-table.ts'

function partition(all: readonly string[], ...parts: (readonly string[])[]): void {
  expect(parts.flat().toSorted()).toEqual([...all].toSorted())
}

/** Every status can be reached from the first by transitions of the table. */
function reachable<S extends string>(table: TransitionTable<S>, from: S): Set<S> {
  const seen = new Set<S>([from])
  for (const state of seen) for (const next of table[state]) seen.add(next)
  return seen
}

describe('each status is classified exactly once', () => {
  it('migration: ended, planned, under way', () => partition(MIGRATION_STATUSES, MIGRATION_ENDED, MIGRATION_PLANNED, MIGRATION_UNDER_WAY))
  it('booking: holds its slot, over', () => partition(BOOKING_STATUSES, BOOKING_HOLDS_SLOT, BOOKING_OVER))
  it('cutover: harmless, committing, over', () => partition(CUTOVER_STATUSES, CUTOVER_HARMLESS, CUTOVER_COMMITTING, CUTOVER_OVER))
  it('return: under way, over', () => partition(RETURN_STATUSES, RETURN_UNDER_WAY, RETURN_OVER))
  it('shipment: carried, catching up, over', () => partition(SHIPMENT_STATUSES, SHIPMENT_CARRIED, SHIPMENT_CATCHING_UP, SHIPMENT_OVER))
  it('test boot: under way, running, over', () => partition(TEST_BOOT_STATUSES, TEST_BOOT_UNDER_WAY, TEST_BOOT_RUNNING, TEST_BOOT_OVER))
})

describe('the tables', () => {
  it('reach every status from the first', () => {
    expect(reachable(MIGRATION_TRANSITIONS, 'DRAFT').size).toBe(MIGRATION_STATUSES.length)
    expect(reachable(BOOKING_TRANSITIONS, 'REQUESTED').size).toBe(BOOKING_STATUSES.length)
    expect(reachable(CUTOVER_TRANSITIONS, 'PREFLIGHT').size).toBe(CUTOVER_STATUSES.length)
    expect(reachable(RETURN_TRANSITIONS, firstOfReturn(true)).size).toBe(RETURN_STATUSES.length)
    expect([...reachable(RETURN_TRANSITIONS, firstOfReturn(false))]).toEqual(['REMOVING_SHADOW', 'STARTING_SOURCE', 'CALLED_OFF', 'RETURNED'])
    expect(reachable(SHIPMENT_TRANSITIONS, 'PREPARING').size).toBe(SHIPMENT_STATUSES.length)
    expect(reachable(TEST_BOOT_TRANSITIONS, 'STARTING').size).toBe(TEST_BOOT_STATUSES.length)
  })
  it('lead nowhere from what is over, but for an accepted migration that may be rolled back', () => {
    expect(terminalStates(MIGRATION_TRANSITIONS)).toEqual(['ROLLED_BACK', 'FAILED', 'CANCELLED'])
    expect(terminalStates(BOOKING_TRANSITIONS)).toEqual([...BOOKING_OVER])
    expect(terminalStates(RETURN_TRANSITIONS)).toEqual([...RETURN_OVER])
    expect(terminalStates(SHIPMENT_TRANSITIONS)).toEqual([...SHIPMENT_OVER])
    expect(terminalStates(CUTOVER_TRANSITIONS)).toEqual([...CUTOVER_OVER])
    expect(MIGRATION_TRANSITIONS.COMPLETED).toEqual(['ROLLED_BACK'])
  })
  it('let every attempt that is not over be rolled back, and only the last step commit', () => {
    expect(sourcesOf(CUTOVER_TRANSITIONS, 'ROLLED_BACK')).toEqual([...CUTOVER_HARMLESS, ...CUTOVER_COMMITTING])
    expect(sourcesOf(CUTOVER_TRANSITIONS, 'COMMITTED')).toEqual(['VALIDATING'])
  })
  it('let every migration that is under way be cancelled, except while it is being validated', () => {
    const cancellable = MIGRATION_UNDER_WAY.filter((status) => canTransition(MIGRATION_TRANSITIONS, status, 'CANCELLED'))
    expect(MIGRATION_UNDER_WAY.filter((status) => !cancellable.includes(status))).toEqual(['VALIDATING'])
  })
  it('never let a cutover be entered but from READY_FOR_CUTOVER', () => {
    expect(sourcesOf(MIGRATION_TRANSITIONS, 'CUTTING_OVER')).toEqual(['READY_FOR_CUTOVER'])
    expect(MIGRATION_IN_CUTOVER.every((status) => canTransition(MIGRATION_TRANSITIONS, status, 'REPLICATING'))).toBe(true)
  })
  it('let a shipment be given up from wherever it is under way, and never skip a hand', () => {
    expect(sourcesOf(SHIPMENT_TRANSITIONS, 'CANCELLED')).toEqual([...SHIPMENT_CARRIED, ...SHIPMENT_CATCHING_UP])
    expect(sourcesOf(SHIPMENT_TRANSITIONS, 'IMPORTING')).toEqual(['RECEIVED'])
  })
  it('call devices late only while they are with the carrier, and only after the day they are expected', () => {
    const expected = expectedArrival(0, 3)
    expect(expected).toBe(3 * 86_400_000)
    expect(isShipmentLate('HANDED_OVER', expected, expected)).toBe(false)
    expect(isShipmentLate('HANDED_OVER', expected, expected + 1)).toBe(true)
    expect(isShipmentLate('RECEIVED', expected, expected + 1)).toBe(false)
    expect(isShipmentLate('HANDED_OVER', null, expected)).toBe(false)
  })
})
