import { z } from 'zod'
import { method, nothing } from '../support/peer.ts'

/** Taps the file at `path` and serves it at a socket; state goes into `folder`. */
export const serveFiltered = method('serveFiltered', z.object({ path: z.string(), socketPath: z.string(), folder: z.string() }), nothing)
