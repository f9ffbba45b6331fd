/** What the two processes of our copy are asked. */
import { z } from 'zod'
import { method, nothing } from '../support/peer.ts'

const credentials = z.object({ agentId: z.string(), keyPem: z.string(), certificatePem: z.string(), caCertificatePem: z.string() })

export const targetMethods = {
  /** Opens a stream server, with TLS as in the product; without credentials the target waits to be told whom to call. */
  open: method('open', z.object({ credentials: credentials.nullable() }), z.object({ port: z.number() })),
  /** Connects to a source that listens on the port, without TLS. */
  dial: method('dial', z.object({ port: z.number() }), nothing),
  /** The file that the next connection writes to. */
  receive: method('receive', z.object({ path: z.string() }), nothing),
}

export const sourceMethods = {
  /** Listens for a target that calls, without TLS. */
  listen: method('listen', nothing, z.object({ port: z.number() })),
  /** Copies the file to the target's port, or, without credentials, to the target that calls next; resolves when the target has flushed all of it. */
  copy: method(
    'copy',
    z.object({ path: z.string(), port: z.number(), credentials: credentials.nullable(), targetAgentId: z.string() }),
    z.object({ seconds: z.number(), wireBytes: z.number() }),
  ),
}

export const DISK = { migrationId: 'm-1', diskKey: 'disk-0' } as const
