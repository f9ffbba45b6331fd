/**
 * MAP of `observer/`: what is learned of VMs before they move.
 *
 *   Observer ── told every second which VMs to observe; hands what it learned to the reporter until the gateway has it
 *     ├─ VmObserver, one a VM: closes its minutes, knows its gaps, saves and takes up
 *     │    ├─ Coverage: how much of each of the latest 1,440 minutes was seen (pure)
 *     │    ├─ DiskObserver, one a disk: told of every write by the tap's `Statistics`
 *     │    │    └─ MinuteStamps: when each block was last written, so how many different ones in any span
 *     │    └─ StampsFile, one a disk: the stamps on our own disk, changed parts only
 *     ├─ ContentSampler, one a VM: reads a few blocks a minute and compresses them as the stream would
 *     └─ MinuteOutbox: minutes that are over and not told yet, over restarts too
 *
 *   LinkProber ── sends a little to the target agents now and then while nothing replicates (`stream/probe.ts`)
 *
 * What the guest pays is one stamp of two bytes for each block of 4 KiB that it writes, and its mark in the `DirtyMap` of the samples, which a
 * gateway of the version before estimates by (`npm run bench observe`); bytes and latency are counted by `Statistics` once for both. All else is at
 * a minute's turn. A tap that does not see its guest's writes says so (`tap/sight.ts`), and that time counts as a gap. Memory is bounded by `stampsFor`, time lost by a killed agent is one minute at most, and said.
 */
import { MinuteStamps } from './minute-stamps.ts'

/** Most stamps of one disk: 16 MiB, exact for disks up to 32 GiB; of one of 2 TiB one block in 64 is watched. */
export const MOST_STAMPS = 8 * 1024 * 1024
/** What stamps of all disks may take together: a disk takes a sixteenth of what is left at most. */
export const ALL_STAMP_BYTES = 1024 * 1024 * 1024
const LARGEST_PART = 1 / 16
/** However little is left, 64 KiB: with fewer stamps the numbers would say nothing. */
export const FEWEST_STAMPS = 32 * 1024
const STAMP_BYTES = Uint16Array.BYTES_PER_ELEMENT

/** Stamps for a disk of `blockCount` blocks where those of others take `takenBytes` already. */
export function stampsFor(blockCount: number, takenBytes: number, minute: number): MinuteStamps {
  const most = Math.max(FEWEST_STAMPS, Math.min(MOST_STAMPS, ((ALL_STAMP_BYTES - takenBytes) * LARGEST_PART) / STAMP_BYTES))
  let blocksPerStamp = 1
  while (blockCount / blocksPerStamp > most) blocksPerStamp *= 2
  return new MinuteStamps(blockCount, blocksPerStamp, minute)
}
