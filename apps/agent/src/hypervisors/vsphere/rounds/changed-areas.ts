import { ask } from '@driftless/vim25'
import type { Ref, VimCaller } from '@driftless/vim25'
import { z } from 'zod'
import type { BlockRun } from '../../../block/dirty-map.ts'
import { BLOCK_BYTES } from '../../../block/map.ts'

/** Instead of a change id: everything that was ever written to, as far as the storage tells. */
export const ALLOCATED = '*'

/** An answer has at most some 2,000 areas of at least 64 KiB, so that a disk of 62 TiB takes half a million. */
const MAX_ANSWERS = 600_000
/** A server that answers with nothing, and no further, is not asked for ever. */
const MAX_STANDSTILLS = 10

const answer = z.object({
  startOffset: z.bigint(),
  length: z.bigint(),
  changedArea: z.array(z.object({ start: z.bigint(), length: z.bigint() })).default([]),
})

export interface ChangedQuestion {
  readonly vm: Ref
  /** The moment up to which changes are wanted. */
  readonly snapshot: Ref
  readonly deviceKey: number
  /** The moment since which; `ALLOCATED`: since the beginning. */
  readonly since: string
  readonly sizeBytes: number
}

/**
 * The blocks of a disk that changed between two moments: sorted, apart from one another, and rather too many than too
 * few. Rejects with the server's `FileFault` when it no longer knows `since`: then nobody knows what changed.
 *
 * The next question starts where the last answer ended, whatever was asked for: an answer is cut at about 2,000 areas
 * without a word (github.com/kubevirt/containerized-data-importer, pull request 3529), and may hold none at all. At the
 * end of the disk nothing is asked: vCenter takes that for an error.
 */
export async function changedAreas(vim: VimCaller, { vm, snapshot, deviceKey, since, sizeBytes }: ChangedQuestion, signal?: AbortSignal): Promise<BlockRun[]> {
  const runs: BlockRun[] = []
  let standstills = 0
  let offset = 0
  for (let answers = 0; offset < sizeBytes; answers += 1) {
    if (answers >= MAX_ANSWERS || standstills > MAX_STANDSTILLS) throw new Error(`vCenter does not come to an end with the changed areas of disk ${deviceKey} (byte ${offset} of ${sizeBytes}). Its disk is compared whole instead.`)
    const said = await ask(vim, vm, 'QueryChangedDiskAreas', { snapshot, deviceKey, startOffset: offset, changeId: since }, answer, signal)
    for (const area of said.changedArea) addRun(runs, Number(area.start), Number(area.start + area.length), sizeBytes)
    const next = Number(said.startOffset + said.length)
    standstills = next > offset ? 0 : standstills + 1
    offset = Math.max(offset, next)
  }
  return runs
}

/** Areas come in order; one that does not is put where it belongs all the same. */
function addRun(runs: BlockRun[], startByte: number, endByte: number, sizeBytes: number): void {
  const first = Math.floor(startByte / BLOCK_BYTES)
  const end = Math.ceil(Math.min(endByte, sizeBytes) / BLOCK_BYTES)
  if (first >= end) return
  let at = runs.length
  while (at > 0 && (runs[at - 1]?.end ?? 0) >= first) at -= 1
  let joined = { first, end }
  let until = at
  for (let run = runs[until]; run !== undefined && run.first <= joined.end; run = runs[until]) {
    joined = { first: Math.min(run.first, joined.first), end: Math.max(run.end, joined.end) }
    until += 1
  }
  runs.splice(at, until - at, joined)
}

/** Bytes in runs of blocks. */
export const bytesIn = (runs: readonly BlockRun[]): number => runs.reduce((sum, { first, end }) => sum + (end - first) * BLOCK_BYTES, 0)
