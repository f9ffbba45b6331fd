import type { TransitionTable } from './transition-table.ts'

/**
 * The life of a shipment: some or all VMs of a wave travel on devices. Their seeds are written while they run (PREPARING), lie there
 * (PREPARED), are with a carrier (HANDED_OVER), with the provider (RECEIVED), are read (IMPORTING) and are in the replicas (IMPORTED);
 * then what was written meanwhile comes over the wire, until every VM was in step once (CAUGHT_UP). CANCELLED: over the wire instead.
 */
export const SHIPMENT_STATUSES = ['PREPARING', 'PREPARED', 'HANDED_OVER', 'RECEIVED', 'IMPORTING', 'IMPORTED', 'CAUGHT_UP', 'CANCELLED'] as const
export type ShipmentStatus = (typeof SHIPMENT_STATUSES)[number]

/**
 * What people say of devices may turn out wrong while no device was read: they come back to the customer (HANDED_OVER to PREPARED), or
 * were not received after all (RECEIVED to HANDED_OVER). IMPORTED is given up only when none of its VMs is moved any more: there is nothing else
 * to fall back to.
 */
export const SHIPMENT_TRANSITIONS: TransitionTable<ShipmentStatus> = {
  PREPARING: ['PREPARED', 'CANCELLED'],
  PREPARED: ['HANDED_OVER', 'CANCELLED'],
  HANDED_OVER: ['RECEIVED', 'PREPARED', 'CANCELLED'],
  RECEIVED: ['IMPORTING', 'HANDED_OVER', 'CANCELLED'],
  IMPORTING: ['IMPORTED', 'CANCELLED'],
  IMPORTED: ['CAUGHT_UP', 'CANCELLED'],
  CAUGHT_UP: [],
  CANCELLED: [],
}

/** Nothing of its VMs goes over the wire. */
export const SHIPMENT_CARRIED = ['PREPARING', 'PREPARED', 'HANDED_OVER', 'RECEIVED', 'IMPORTING'] as const satisfies readonly ShipmentStatus[]
/** What is missing comes over the wire. */
export const SHIPMENT_CATCHING_UP = ['IMPORTED'] as const satisfies readonly ShipmentStatus[]
/** Together with the two lists above, every status exactly once. */
export const SHIPMENT_OVER = ['CAUGHT_UP', 'CANCELLED'] as const satisfies readonly ShipmentStatus[]

/** Whether its VMs wait for the devices, and nothing of them is sent. */
export const isCarried = (status: ShipmentStatus): boolean => SHIPMENT_CARRIED.some((one) => one === status)

/** What the reader asks first of a carrier: three days, unless somebody knows better. */
export const TRANSIT_DAYS = { usual: 3, least: 1, most: 60 } as const

const DAY_MS = 86_400_000

/** When devices that were handed over then are expected at the target. */
export const expectedArrival = (handedOverAtMs: number, transitDays: number): number => handedOverAtMs + transitDays * DAY_MS

/** Whether devices that are still with the carrier should have arrived. */
export const isShipmentLate = (status: ShipmentStatus, expectedAtMs: number | null, nowMs: number): boolean => status === 'HANDED_OVER' && expectedAtMs !== null && nowMs > expectedAtMs
