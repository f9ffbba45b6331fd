/** What the process whose memory is measured is asked. */
import { z } from 'zod'
import { method, nothing } from '../support/peer.ts'

/** Peak of the process's resident memory while it came into this state, and how many bytes of the disk are dirty in it. */
const state = z.object({ peakBytes: z.number(), dirtyBytes: z.number() })

export const agentMethods = {
  /** Taps a disk and begins to replicate it; no target answers. */
  tap: method('tap', z.object({ folder: z.string(), sizeBytes: z.number() }), state),
  /** A guest writes this many blocks all over the disk; then as much as ever is under way at once is on its way to the target. */
  scatter: method('scatter', z.object({ writes: z.number() }), state),
  /** So many blocks are dirty in every 4 MiB of the disk. */
  everywhere: method('everywhere', z.object({ blocks: z.number() }), state),
  /** Everything is dirty. */
  fill: method('fill', nothing, state),
}
