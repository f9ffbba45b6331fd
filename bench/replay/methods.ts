import { z } from 'zod'
import { method, nothing } from '../support/peer.ts'

/** What the trace is played on: a disk served by NBD, or the file itself. */
const disk = z.union([z.object({ socketPath: z.string(), exportName: z.string() }), z.object({ path: z.string() })])
export type PlayedDisk = z.output<typeof disk>

export const playerMethods = {
  /**
   * Plays the trace so many times faster than it was recorded. A request that is late makes all later ones
   * late, as with a program that waits for its disk: so the time it takes tells what the disk cost.
   */
  play: method('play', z.object({ tracePath: z.string(), speed: z.number().positive(), disk }), z.object({
    seconds: z.number(), busySeconds: z.number(), latenciesMs: z.array(z.number()),
  })),
}
export type Played = z.output<typeof playerMethods.play.result>

export const filterMethods = {
  /** Serves the file through the filters as a migrating VM has them: counted, tracked, remembered in the write-intent log. */
  serve: method('serve', z.object({ path: z.string(), socketPath: z.string(), statePath: z.string() }), nothing),
  /** What the filters have seen. */
  seen: method('seen', nothing, z.object({ writtenBytes: z.number(), dirtyBytes: z.number() })),
}
