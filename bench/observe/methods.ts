/** What a process of this measurement is asked. */
import { z } from 'zod'
import { method, nothing } from '../support/peer.ts'

export const serverMethods = {
  /** Serves the file at the socket through our filters. */
  serve: method('serve', z.object({ path: z.string(), socketPath: z.string() }), nothing),
  /** Observes the disk from now on, or does not. Answers the processor time that the process has used, in microseconds. */
  observe: method('observe', z.boolean(), z.number()),
}

const turns = z.object({ observed: z.number(), alone: z.number(), control: z.number() })

export const addedMethods = {
  /** Nanoseconds of the processor that each write takes in a tight loop through our filters to nowhere, observed and not. */
  measure: method('measure', z.object({ blockBytes: z.number(), random: z.boolean(), rounds: z.number() }), z.object({ rounds: z.array(turns) })),
}

export const observerMethods = {
  /** Observes a disk of this size that is nowhere; every block of it is written once. Answers what that took of memory. */
  fill: method('fill', z.object({ folder: z.string(), sizeBytes: z.number() }), z.object({ grownBytes: z.number(), blocksPerStamp: z.number() })),
  /** A minute ends: how long nothing else could be done, and until all of it was on our disk. */
  turn: method('turn', nothing, z.object({ heldMs: z.number(), savedMs: z.number() })),
}
