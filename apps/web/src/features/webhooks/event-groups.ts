import { WEBHOOK_EVENT_TYPES } from '@driftless/domain'
import type { WebhookEventType } from '@driftless/domain'

/** What events are about, in the order in which people meet them; the first part of an event's type says which. */
const ORDER = ['wave', 'booking', 'migration', 'shipment', 'cutover', 'test_boot', 'billing', 'estimate', 'vm', 'agent'] as const
export type EventGroup = (typeof ORDER)[number]

const groupOf = (type: string): string => (type.split('.')[0] ?? '').replaceAll('-', '_')

/** Every event, once. */
export const GROUPS: readonly { readonly group: EventGroup; readonly types: readonly WebhookEventType[] }[] = ORDER.map((group) => ({ group, types: WEBHOOK_EVENT_TYPES.filter((type) => groupOf(type) === group) }))
