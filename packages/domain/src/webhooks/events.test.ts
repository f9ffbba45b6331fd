import { expect, it } from 'vitest'
import { BOOKING_STATUSES } from '../states/booking.ts'
import { CUTOVER_STATUSES } from '../states/cutover.ts'
import { MIGRATION_STATUSES } from '../states/migration.ts'
import { RETURN_STATUSES } from '../states/return.ts'
import { SHIPMENT_STATUSES } from '../states/shipment.ts'
import { TEST_BOOT_STATUSES } from '../states/test-boot.ts'
import { WEBHOOK_EVENTS, WEBHOOK_EVENT_TYPES } from './events.ts'

const STATES: Readonly<Record<string, readonly string[]>> = { 'migration.status': MIGRATION_STATUSES, 'cutover.status': CUTOVER_STATUSES, 'test.status': TEST_BOOT_STATUSES, 'booking.status': BOOKING_STATUSES, 'return.status': RETURN_STATUSES, 'shipment.status': SHIPMENT_STATUSES }

it('names states that exist, and no entry twice', () => {
  const sources = WEBHOOK_EVENT_TYPES.map((type) => WEBHOOK_EVENTS[type])
  for (const source of sources) if ('after' in source) expect(STATES[source.action]).toContain(source.after)
  expect(new Set(sources.map((source) => JSON.stringify(source))).size).toBe(sources.length)
})
