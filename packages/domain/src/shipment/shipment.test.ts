import { describe, expect, it } from 'vitest'
import { SHIPMENT_STATUSES, isCarried } from '../states/shipment.ts'
import type { ShipmentStatus } from '../states/shipment.ts'
import { ownerOf } from '../waiting.ts'
import { nextShipmentStep } from './next-shipment-step.ts'
import type { ShipmentVmView } from './next-shipment-step.ts'
import { isSeedProblem } from './seed-problems.ts'
import { seedStepsOf } from './seed-steps.ts'
import { shipmentWait } from './shipment-wait.ts'
import type { CarriedView } from './shipment-wait.ts'

const vm = (more: Partial<ShipmentVmView> = {}): ShipmentVmView => ({ name: 'web-01', ended: false, exported: false, imported: false, caughtUp: false, ...more })
const EXPORTED = vm({ exported: true })
const IMPORTED = vm({ exported: true, imported: true })
const UP = vm({ exported: true, imported: true, caughtUp: true })
const GIVEN_UP = vm({ ended: true })
const nothing = { kind: 'NOTHING' }
const to = (status: string) => ({ kind: 'MOVE', to: status })
const cancelled = expect.objectContaining({ kind: 'CANCEL' })

describe('what a shipment does by itself', () => {
  it.each<[string, ShipmentStatus, ShipmentVmView[], unknown]>([
    ['one seed is not whole', 'PREPARING', [EXPORTED, vm()], nothing],
    ['all seeds are whole', 'PREPARING', [EXPORTED, EXPORTED], to('PREPARED')],
    ['one VM was given up, the others are whole', 'PREPARING', [EXPORTED, GIVEN_UP], to('PREPARED')],
    ['every VM was given up', 'PREPARING', [GIVEN_UP, GIVEN_UP], cancelled],
    ['prepared waits for a person', 'PREPARED', [EXPORTED], nothing],
    ['with the carrier', 'HANDED_OVER', [EXPORTED], nothing],
    ['given up on its way', 'HANDED_OVER', [vm({ ended: true, exported: true })], cancelled],
    ['received waits for a person', 'RECEIVED', [EXPORTED], nothing],
    ['one is not read yet', 'IMPORTING', [IMPORTED, EXPORTED], nothing],
    ['all are read', 'IMPORTING', [IMPORTED, IMPORTED], to('IMPORTED')],
    ['one was never in step', 'IMPORTED', [UP, IMPORTED], nothing],
    ['all were in step once', 'IMPORTED', [UP, UP], to('CAUGHT_UP')],
    ['in step, and moved since', 'IMPORTED', [vm({ ...UP, ended: true })], to('CAUGHT_UP')],
    ['in step, and the other one given up', 'IMPORTED', [UP, vm({ ...IMPORTED, ended: true })], to('CAUGHT_UP')],
    ['given up before it was in step', 'IMPORTED', [vm({ ...IMPORTED, ended: true })], cancelled],
    ['over', 'CAUGHT_UP', [UP], nothing],
    ['over, all ended', 'CAUGHT_UP', [GIVEN_UP], nothing],
    ['cancelled stays', 'CANCELLED', [EXPORTED], nothing],
  ])('%s', (_name, status, vms, wanted) => expect(nextShipmentStep({ status, vms })).toEqual(wanted))
})

describe('what agents do in it', () => {
  it('is asked of them exactly until it is cancelled', () => expect(SHIPMENT_STATUSES.filter((status) => seedStepsOf(status) === null)).toEqual(['CANCELLED']))
  it('sends nothing while the devices carry it', () => {
    for (const status of SHIPMENT_STATUSES) if (seedStepsOf(status) !== null) expect(seedStepsOf(status)?.source === 'CATCH_UP').toBe(!isCarried(status))
  })
  it('reads devices in one state alone', () => expect(SHIPMENT_STATUSES.filter((status) => seedStepsOf(status)?.target === 'IMPORT')).toEqual(['IMPORTING']))
})

describe('why a carried VM waits', () => {
  const view = (status: ShipmentStatus, more: Partial<CarriedView> = {}): CarriedView => ({ status, late: false, exportProblem: null, importProblem: null, ...more })
  it.each<[CarriedView, string | null, string | null]>([
    [view('PREPARING'), 'SHIPMENT_EXPORTING', 'DRIFTLESS'],
    [view('PREPARING', { exportProblem: 'no room' }), 'SHIPMENT_EXPORT_HELD', 'CUSTOMER_OPERATOR'],
    [view('PREPARED'), 'SHIPMENT_TO_HAND_OVER', 'CUSTOMER_OPERATOR'],
    [view('HANDED_OVER'), 'SHIPMENT_TRAVELLING', 'PROVIDER_OPERATOR'],
    [view('HANDED_OVER', { late: true }), 'SHIPMENT_LATE', 'CUSTOMER_OPERATOR'],
    [view('RECEIVED'), 'SHIPMENT_TO_IMPORT', 'PROVIDER_OPERATOR'],
    [view('IMPORTING'), 'SHIPMENT_IMPORTING', 'DRIFTLESS'],
    [view('IMPORTING', { importProblem: 'not there' }), 'SHIPMENT_REFUSED', 'PROVIDER_OPERATOR'],
    [view('IMPORTED'), null, null],
    [view('CAUGHT_UP'), null, null],
    [view('CANCELLED'), null, null],
  ])('%o', (carried, reason, owner) => {
    const waits = shipmentWait(carried)
    expect(waits?.reason ?? null).toBe(reason)
    expect(waits === null ? null : ownerOf(waits.reason)).toBe(owner)
  })
})

it('knows its own problems', () => {
  expect(isSeedProblem('SEED_FORGED')).toBe(true)
  expect(isSeedProblem('LINK_DOWN')).toBe(false)
})
