import { blocksOf } from '../block/map.ts'
import type { PieceTable } from '../proof/piece-table.ts'
import type { DiskLink } from '../stream/disk-link.ts'
import type { DiskTap, WriteHistory } from '../tap/disk-tap.ts'
import type { SyncState } from './sync-state.ts'

export interface TakeUpOptions {
  readonly link: Pick<DiskLink, 'ok' | 'flush'>
  readonly tap: Pick<DiskTap, 'usedBytes'>
  readonly history: WriteHistory
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
export async function takeUp({ link, tap, history, sync, table, knownEpoch, mustCompare }: TakeUpOptions): Promise<void> {
  const { epoch, fresh, sweptBytes } = link.ok
  // A target that was killed has forgotten what it had read back: it must do so again before the cutover.
  if ((link.ok.knownBytes ?? 0) < table.knownBytes) table.touchAll()
  if (epoch === knownEpoch) return sendMissing({ link, sync, table })
  table.useEpoch(epoch)
  const runs = fresh || mustCompare ? null : await history.recall(epoch)
  if (runs !== null) {
    for (const { first, end } of runs) table.touch(first, end)
    sync.resume(sweptBytes, Math.min(tap.usedBytes, sweptBytes), runs)
    return sendMissing({ link, sync, table })
  }
  table.touchAll()
  // In this order: were the target to remember the sweep before this one, a kill would make the next life rely on it.
  if (!fresh) await link.flush(0)
  await history.begin(epoch)
  sync.restart(fresh ? 'FRESH' : 'COMPARE')
}

/** What a seed did not bring the target says itself: it is sent as if it had just been written. */
function sendMissing({ link, sync, table }: Pick<TakeUpOptions, 'link' | 'sync' | 'table'>): void {
  for (const [offset, length] of link.ok.missing ?? []) {
    const { first, end } = blocksOf(offset, length)
    table.touch(first, end)
    sync.mark(first, end)
  }
}
