/** The replication of one disk, as the source agent observes it; any may follow any, the agent decides. */
export const REPLICATION_STATUSES = [
  'STOPPED', 'INITIATING', 'INITIAL_SYNC', 'CONTINUOUS', 'BACKLOG', 'SEEDING', 'RESYNC', 'PAUSED', 'STALLED', 'DISCONNECTED',
] as const
export type ReplicationStatus = (typeof REPLICATION_STATUSES)[number]
