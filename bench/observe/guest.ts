import type { BlockDevice } from '@driftless/nbd'
import { seededRandom } from '../../apps/agent/src/testing/pair.ts'

export interface Load {
  readonly blockBytes: number
  /** Writes in flight. */
  readonly depth: number
  readonly random: boolean
}

/** Writes to a disk for `seconds` as a guest does, all over it or from its start to its end. */
export async function runGuest(disk: BlockDevice, { blockBytes, depth, random }: Load, seconds: number): Promise<{ writes: number; perSecond: number }> {
  const data = Buffer.alloc(blockBytes, 7)
  const blocks = Math.floor(disk.sizeBytes / blockBytes)
  const next = seededRandom(1)
  const startMs = performance.now()
  const endMs = startMs + seconds * 1000
  let writes = 0
  await Promise.all(
    Array.from({ length: depth }, async () => {
      for (; performance.now() < endMs; writes += 1) await disk.write((random ? Math.floor(next() * blocks) : writes % blocks) * blockBytes, data)
    }),
  )
  return { writes, perSecond: (writes * 1000) / (performance.now() - startMs) }
}
