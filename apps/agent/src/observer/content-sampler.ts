import { randomInt } from 'node:crypto'
import type { VmContent } from '@driftless/agent-api'
import { z } from 'zod'
import { nonZeroRuns } from '../block/content.ts'
import { BLOCK_BYTES } from '../block/map.ts'
import { readState, writeState } from '../state-file.ts'
import type { Compression } from '../stream/compression.ts'
import type { DiskTap } from '../tap/disk-tap.ts'
import type { VmTap } from '../tap/vm-tap.ts'

/** Read at a time, at a random place. */
export const SAMPLE_BYTES = 64 * 1024
/** Blocks of a VM read in one minute: 256 KiB, so 4 KB/s. */
const BLOCKS_A_MINUTE = 4
/** From then on a share is known to about two hundredths, and nothing more is read until the next observation. */
const ENOUGH_BLOCKS = 600
/** Places looked at for one that is allocated; where the file system shows no holes, the first is taken. */
const MOST_LOOKS = 16

/** What was read so far: blocks, their bytes, what of these was not zero, and what that takes on the wire. */
const sums = z.object({ blocks: z.number().int().nonnegative(), readBytes: z.number().nonnegative(), dataBytes: z.number().nonnegative(), wireBytes: z.number().nonnegative() })

/** Reads a few blocks of a VM's disks a minute and learns what a first copy of them will put on the wire. */
export class ContentSampler {
  readonly #compression: Compression
  readonly #path: string
  readonly #random: (below: number) => number
  #sums: z.infer<typeof sums>

  private constructor(path: string, compression: Compression, random: (below: number) => number, known: z.infer<typeof sums>) {
    this.#path = path
    this.#compression = compression
    this.#random = random
    this.#sums = known
  }

  /** Goes on with what the file at `path` says; without one, or with one that is damaged, it begins anew. */
  static async open(path: string, compression: Compression, random: (below: number) => number = randomInt): Promise<ContentSampler> {
    const known = await readState(path, sums).catch(() => null)
    return new ContentSampler(path, compression, random, known ?? { blocks: 0, readBytes: 0, dataBytes: 0, wireBytes: 0 })
  }

  /** Samples a minute's worth. Null: there was nothing to read, or enough is known. Rejects with a disk's error. */
  async sample(tap: VmTap, allocatedBytes: number, nowMs: number): Promise<VmContent | null> {
    // A disk that shows moments shows none while it is only observed.
    const disks = tap.disks.filter((disk) => disk.refresh === undefined && disk.sizeBytes >= SAMPLE_BYTES)
    let read = 0
    for (let count = 0; count < BLOCKS_A_MINUTE && this.#sums.blocks < ENOUGH_BLOCKS; count += 1) {
      const place = await this.#place(disks)
      if (place === null) break
      await this.#read(place.disk, place.offset)
      read += 1
    }
    if (read === 0) return null
    await writeState(this.#path, this.#sums)
    const { blocks, readBytes, dataBytes, wireBytes } = this.#sums
    return {
      vmRef: tap.ref, measuredAtMs: nowMs, sizeBytes: tap.disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), allocatedBytes,
      sampledBlocks: blocks, sampledBlockBytes: SAMPLE_BYTES,
      zeroShare: 1 - dataBytes / readBytes,
      compressedShare: dataBytes === 0 ? null : Math.min(1, wireBytes / dataBytes),
    }
  }

  /** A random place that is allocated, as far as anybody can tell; every one of all disks is as likely. Null: none was found. */
  async #place(disks: readonly DiskTap[]): Promise<{ disk: DiskTap; offset: number } | null> {
    const places = disks.reduce((sum, { sizeBytes }) => sum + Math.floor(sizeBytes / SAMPLE_BYTES), 0)
    for (let look = 0; look < MOST_LOOKS && places > 0; look += 1) {
      let at = this.#random(places)
      const disk = disks.find(({ sizeBytes }) => {
        const inDisk = Math.floor(sizeBytes / SAMPLE_BYTES)
        if (at < inDisk) return true
        at -= inDisk
        return false
      })
      if (disk === undefined) return null
      const offset = at * SAMPLE_BYTES
      const extents = await disk.device.extents?.(offset, SAMPLE_BYTES)
      if (extents === undefined || extents.some(({ zero }) => !zero)) return { disk, offset }
    }
    return null
  }

  /** As the first copy does: blocks of zeroes are left out, the rest is compressed where that is worthwhile. */
  async #read(disk: DiskTap, offset: number): Promise<void> {
    const data = Buffer.allocUnsafe(SAMPLE_BYTES)
    await disk.device.read(offset, data)
    for (const { first, end } of nonZeroRuns(data)) {
      const run = data.subarray(first * BLOCK_BYTES, end * BLOCK_BYTES)
      const wireBytes = (await this.#compression.shrink(run))?.length ?? run.length
      this.#sums.dataBytes += run.length
      this.#sums.wireBytes += wireBytes
    }
    this.#sums.blocks += 1
    this.#sums.readBytes += data.length
  }
}
