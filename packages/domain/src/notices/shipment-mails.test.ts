import { describe, expect, it } from 'vitest'
import { SHIPMENT_STATUSES } from '../states/shipment.ts'
import type { ShipmentStatus } from '../states/shipment.ts'
import { NOTICE_RULES, categoriesFor } from './mails.ts'
import { isShipmentNotice, shipmentNoticeVoid } from './shipment-mails.ts'
import type { ShipmentNoticeKind, ShipmentNoticeView } from './shipment-mails.ts'

const view = (status: ShipmentStatus, change: Partial<ShipmentNoticeView> = {}): ShipmentNoticeView => ({ status, late: false, everHandedOver: true, held: false, refused: false, ...change })
const CUSTOMER = false
const STAFF = true

describe('whether a mail about a shipment still holds', () => {
  it.each<[ShipmentNoticeKind, boolean, readonly ShipmentStatus[]]>([
    ['SHIPMENT_PREPARED', CUSTOMER, ['PREPARED']],
    ['SHIPMENT_COMING', STAFF, ['HANDED_OVER']],
    ['SHIPMENT_CHANGED', STAFF, ['HANDED_OVER']],
    ['SHIPMENT_TAKEN_BACK', STAFF, ['PREPARED', 'CANCELLED']],
    ['SHIPMENT_LATE', CUSTOMER, []],
    ['SHIPMENT_RECEIVED', CUSTOMER, ['RECEIVED', 'IMPORTING']],
    ['SHIPMENT_RECEIVED', STAFF, ['RECEIVED']],
    ['SHIPMENT_NOT_RECEIVED', CUSTOMER, ['HANDED_OVER']],
    ['SHIPMENT_SEALS_BROKEN', CUSTOMER, SHIPMENT_STATUSES],
    ['SHIPMENT_HELD', CUSTOMER, []],
    ['SHIPMENT_REFUSED', STAFF, []],
    ['SHIPMENT_DAMAGED', STAFF, SHIPMENT_STATUSES],
    ['SHIPMENT_IMPORTED', STAFF, ['IMPORTED']],
    ['SHIPMENT_CAUGHT_UP', CUSTOMER, SHIPMENT_STATUSES],
    ['SHIPMENT_CANCELLED', STAFF, SHIPMENT_STATUSES],
  ])('%s, to staff: %s, in %s', (kind, staff, holds) => {
    expect(SHIPMENT_STATUSES.filter((status) => shipmentNoticeVoid(kind, view(status), staff) === null)).toEqual(holds)
  })

  it.each<[ShipmentNoticeKind, Partial<ShipmentNoticeView>, ShipmentStatus]>([
    ['SHIPMENT_LATE', { late: true }, 'HANDED_OVER'],
    ['SHIPMENT_HELD', { held: true }, 'PREPARING'],
    ['SHIPMENT_REFUSED', { refused: true }, 'IMPORTING'],
  ])('%s while it is so', (kind, change, status) => {
    expect(shipmentNoticeVoid(kind, view(status, change), STAFF)).toBeNull()
    expect(shipmentNoticeVoid(kind, view('CAUGHT_UP', { ...change, late: false }), STAFF)).toBe('DONE')
  })

  it('tells staff nothing of a shipment that was given up before they heard of it', () => {
    expect(shipmentNoticeVoid('SHIPMENT_CANCELLED', view('CANCELLED', { everHandedOver: false }), STAFF)).toBe('DONE')
    expect(shipmentNoticeVoid('SHIPMENT_CANCELLED', view('CANCELLED', { everHandedOver: false }), CUSTOMER)).toBeNull()
  })
})

it('is a choice of those alone who hear of shipments', () => {
  expect(categoriesFor('CUSTOMER_OPERATOR')).toContain('SHIPMENTS')
  expect(categoriesFor('PROVIDER_OPERATOR')).toEqual(['SHIPMENTS'])
  expect(categoriesFor('CUSTOMER_APPROVER')).not.toContain('SHIPMENTS')
  expect(categoriesFor('PROVIDER_VIEWER')).toEqual([])
  // Every state that asks somebody to act has its mail.
  const states = NOTICE_RULES.flatMap(({ kind, action, after }) => (isShipmentNotice(kind) && action === 'shipment.status' ? [after] : []))
  expect(states).toEqual(SHIPMENT_STATUSES.filter((status) => status !== 'PREPARING' && status !== 'IMPORTING'))
})
