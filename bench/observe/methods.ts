/** What a process of this measurement is asked. */
import { z } from 'zod'
import { method, nothing } from '../support/peer.ts'

export const serverMethods = {
  /** Serves the file at the socket through our filters. */
  serve: method('serve', z.object({ path: z.string(), socketPath: z.string() }), nothing),
  /** Observes the disk from now on, or does not. Answers the processor time that the process has used, in microseconds. */
  observe: method('observe', z.boolean(), z.number()),
}

export const observerMethods = {
  /** Observes a disk of this size that is nowhere; every block of it is written once. Answers what that took of memory. */
  fill: method('fill', z.object({ folder: z.string(), sizeBytes: z.number() }), z.object({ grownBytes: z.number(), blocksPerStamp: z.number() })),
  /** A minute ends: how long nothing else could be done, and until all of it was on our disk. */
  turn: method('turn', nothing, z.object({ heldMs: z.number(), savedMs: z.number() })),
}
