import type { PieceTable } from '../proof/piece-table.ts'
import type { DiskLink } from '../stream/disk-link.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import type { SyncState } from './sync-state.ts'

export interface TakeUpOptions {
  readonly link: Pick<DiskLink, 'ok' | 'flush'>
  readonly tap: Pick<DiskTap, 'history' | 'usedBytes'>
  readonly sync: SyncState
  readonly table: PieceTable
  /** The replica's content history that `sync` knows; null: none, or it does not hold any more. */
  readonly knownEpoch: string | null
  /** Writes went unseen: what is remembered of them is not enough. */
  readonly mustCompare: boolean
}

/**
 * Where to go on with this replica, on a link just opened: with the map of this life of the agent, with what the tap
 * remembers of the life before, or from the beginning, by hashes unless the replica is fresh.
 */
export async function takeUp({ link, tap, sync, table, knownEpoch, mustCompare }: TakeUpOptions): Promise<void> {
  const { epoch, fresh, sweptBytes } = link.ok
  // A target that was killed has forgotten what it had read back: it must do so again before the cutover.
  if ((link.ok.knownBytes ?? 0) < table.knownBytes) table.touchAll()
  if (epoch === knownEpoch) return
  table.useEpoch(epoch)
  const runs = fresh || mustCompare ? null : await tap.history.recall(epoch)
  if (runs !== null) {
    for (const { first, end } of runs) table.touch(first, end)
    sync.resume(sweptBytes, Math.min(tap.usedBytes, sweptBytes), runs)
    return
  }
  table.touchAll()
  // In this order: were the target to remember the sweep before this one, a kill would make the next life rely on it.
  if (!fresh) await link.flush(0)
  await tap.history.begin(epoch)
  sync.restart(fresh ? 'FRESH' : 'COMPARE')
}
