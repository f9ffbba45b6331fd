import type { IncomingMessage } from 'node:http'
import { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from '@driftless/agent-api'
import { z } from 'zod'
import { GatewayError } from './refusals.ts'

const spoken = z.object({ protocol: z.number().int() })

/** Reads a JSON body of at most `limit` bytes. BODY_TOO_LARGE (nothing more is read) or MALFORMED otherwise. */
export async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const tooLarge = new GatewayError(413, 'BODY_TOO_LARGE', `A message is at most ${limit} bytes long.`)
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new GatewayError(400, 'MALFORMED', 'The message is not a body of bytes.')
    length += chunk.length
    if (length > limit) throw tooLarge
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new GatewayError(400, 'MALFORMED', 'The message is not JSON.')
  }
}

/** Checks the protocol before anything else of a message is looked at: the rest may mean something different. */
export function checkProtocol(body: unknown): void {
  const { protocol } = spoken.parse(body)
  if (protocol >= OLDEST_PROTOCOL_VERSION && protocol <= PROTOCOL_VERSION) return
  const advice = protocol < PROTOCOL_VERSION ? 'Update the agent.' : 'Update the coordinator, or run an older agent.'
  throw new GatewayError(426, 'PROTOCOL_MISMATCH', `This agent speaks protocol ${protocol}, the gateway ${OLDEST_PROTOCOL_VERSION} to ${PROTOCOL_VERSION}. ${advice}`)
}
