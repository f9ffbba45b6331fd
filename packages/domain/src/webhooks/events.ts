/** Which entries of the audit log are events: an action, and the state that was reached where only that one counts. */
type EventSource = { readonly action: string; readonly after?: string }

/**
 * Every event that an endpoint can ask for, by its type. The database turns entries into deliveries by the same table
 * (`webhook_event`, filled by migrations; a test holds the two against each other), and `docs/webhooks.md` lists them.
 */
export const WEBHOOK_EVENTS = {
  'wave.planned': { action: 'wave.plan' },
  'wave.started': { action: 'wave.start' },
  'wave.paused': { action: 'wave.pause' },
  'wave.resumed': { action: 'wave.resume' },
  'wave.go': { action: 'wave.go' },
  'wave.no-go': { action: 'wave.no-go' },
  'migration.replicating': { action: 'migration.status', after: 'REPLICATING' },
  'migration.ready': { action: 'migration.status', after: 'READY_FOR_CUTOVER' },
  'migration.blocked': { action: 'migration.status', after: 'BLOCKED' },
  'migration.cutting-over': { action: 'migration.status', after: 'CUTTING_OVER' },
  'migration.validating': { action: 'migration.validating' },
  'migration.accepted': { action: 'migration.accept' },
  'migration.returned': { action: 'migration.returned' },
  'migration.returning': { action: 'return.begin' },
  'migration.return-called-off': { action: 'return.status', after: 'CALLED_OFF' },
  'migration.completed': { action: 'migration.status', after: 'COMPLETED' },
  'migration.rolled-back': { action: 'migration.status', after: 'ROLLED_BACK' },
  'migration.failed': { action: 'migration.status', after: 'FAILED' },
  'migration.cancelled': { action: 'migration.status', after: 'CANCELLED' },
  'cutover.source-off': { action: 'cutover.status', after: 'SOURCE_OFF' },
  'cutover.committed': { action: 'cutover.status', after: 'COMMITTED' },
  'cutover.rolled-back': { action: 'cutover.status', after: 'ROLLED_BACK' },
  'cutover.source-returned': { action: 'cutover.source-returned' },
  'test-boot.healthy': { action: 'test.status', after: 'HEALTHY' },
  'test-boot.broken': { action: 'test.status', after: 'BROKEN' },
  'booking.requested': { action: 'booking.request' },
  'booking.withdrawn': { action: 'booking.withdraw' },
  'booking.approved': { action: 'booking.approve' },
  'booking.rejected': { action: 'booking.reject' },
  'booking.counter-offered': { action: 'booking.offer' },
  'booking.accepted': { action: 'booking.accept' },
  'booking.opened': { action: 'booking.status', after: 'IN_PROGRESS' },
  'booking.done': { action: 'booking.status', after: 'DONE' },
  'booking.missed': { action: 'booking.missed' },
  'booking.expired': { action: 'booking.status', after: 'EXPIRED' },
  'shipment.begun': { action: 'shipment.begin' },
  'shipment.prepared': { action: 'shipment.status', after: 'PREPARED' },
  'shipment.handed-over': { action: 'shipment.status', after: 'HANDED_OVER' },
  'shipment.received': { action: 'shipment.status', after: 'RECEIVED' },
  'shipment.imported': { action: 'shipment.status', after: 'IMPORTED' },
  'shipment.caught-up': { action: 'shipment.status', after: 'CAUGHT_UP' },
  'shipment.cancelled': { action: 'shipment.status', after: 'CANCELLED' },
  'shipment.held': { action: 'shipment.held' },
  'shipment.days-changed': { action: 'shipment.days' },
  'shipment.corrected': { action: 'shipment.correct' },
  'shipment.taken-back': { action: 'shipment.taken-back' },
  'shipment.late': { action: 'shipment.late' },
  'shipment.not-received': { action: 'shipment.not-received' },
  'shipment.seals-broken': { action: 'shipment.seals-broken' },
  'shipment.refused': { action: 'shipment.refused' },
  'shipment.damaged': { action: 'shipment.damaged' },
  'billing.started': { action: 'billing.start' },
  'billing.ended': { action: 'billing.end' },
  'estimate.started': { action: 'estimate.start' },
  'estimate.ended': { action: 'estimate.end' },
  'vm.notice': { action: 'vm.notice' },
  'agent.enrolled': { action: 'agent.enrol' },
  'agent.enrolled-again': { action: 'agent.enrol-again' },
  'agent.quarantined': { action: 'agent.quarantine' },
  'agent.revoked': { action: 'agent.revoke' },
} as const satisfies Readonly<Record<string, EventSource>>
export type WebhookEventType = keyof typeof WEBHOOK_EVENTS

export function isWebhookEventType(type: string): type is WebhookEventType {
  return Object.hasOwn(WEBHOOK_EVENTS, type)
}

export const WEBHOOK_EVENT_TYPES: readonly WebhookEventType[] = Object.keys(WEBHOOK_EVENTS).filter(isWebhookEventType)

/** Sent by hand to see whether an endpoint works; nobody asks for it. */
export const WEBHOOK_TEST_EVENT = 'webhook.test'
