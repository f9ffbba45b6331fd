import { MIGRATION_ENDED, MIGRATION_IN_CUTOVER, MIGRATION_PLANNED } from '@driftless/domain'
import type { MigrationStatus } from '@driftless/domain'

export type WaveState = 'PLANNED' | 'REPLICATING' | 'READY' | 'CUTOVER' | 'PAUSED' | 'BLOCKED' | 'COMPLETED' | 'ENDED'

/** A wave in a word, from its VMs: what asks for attention first. */
export function waveState(statuses: readonly MigrationStatus[], paused: boolean): WaveState {
  const open = statuses.filter((status) => !MIGRATION_ENDED.includes(status))
  if (open.length === 0) return statuses.includes('COMPLETED') ? 'COMPLETED' : 'ENDED'
  if (open.every((status) => MIGRATION_PLANNED.includes(status))) return 'PLANNED'
  if (open.some((status) => MIGRATION_IN_CUTOVER.includes(status))) return 'CUTOVER'
  if (open.includes('BLOCKED')) return 'BLOCKED'
  if (paused) return 'PAUSED'
  return open.every((status) => status === 'READY_FOR_CUTOVER' || status === 'TESTING') ? 'READY' : 'REPLICATING'
}

/** VMs of a wave that are not moved any more. */
export function givenUp({ migrations }: { readonly migrations: readonly { readonly id: string; readonly status: MigrationStatus }[] }): ReadonlySet<string> {
  return new Set(migrations.filter(({ status }) => status === 'CANCELLED' || status === 'FAILED').map(({ id }) => id))
}
