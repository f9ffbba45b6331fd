/** What a server process of this measurement is asked. */
import { z } from 'zod'
import { method, nothing } from '../support/peer.ts'

export const serverMethods = {
  /** Serves the file at the socket through our filters; with a log of regions of this size, or without. `finely`: blocks are noted besides. */
  serve: method('serve', z.object({ path: z.string(), socketPath: z.string(), folder: z.string(), regionBytes: z.number().nullable(), finely: z.boolean() }), nothing),
  /** Everything logged is forgotten: the next write to each region is its first. */
  forget: method('forget', nothing, nothing),
  /** No block is noted any more, while the regions stay logged. */
  seal: method('seal', nothing, nothing),
  /** Bytes that would be sent again if the agent were killed now. */
  atRisk: method('at-risk', nothing, z.number()),
}
