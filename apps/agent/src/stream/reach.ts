import { connect } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { answerFrom } from './answer-from.ts'
import type { Connection } from './connection.ts'
import { tlsSettings } from './identity.ts'
import type { Credentials } from './identity.ts'
import { openLanes } from './lanes.ts'
import type { Pairing } from './proof.ts'
import { StreamError } from './protocol.ts'
import { knownTargets } from './target-memory.ts'

/** Connecting and TLS; a target that needs longer is taken for unreachable. */
const REACH_TIMEOUT_MS = 10_000

/**
 * From this round trip on one connection is held back by lost packets: what TCP carries falls with the round trip. Measured
 * with 0.1 % loss and 80 ms, of 100 Mbit/s: one 47, four 87. On shorter ways one carries all there is, for less work.
 */
export const LANES_FROM_MS = 20

/** Seen to be enough, as above; more take from others on the same line. */
export const LANES = 4

export interface LinkTarget {
  host: string
  port: number
  /** The certificate the other end must present carries this as its CN. */
  agentId: string
  /** With the key of this migration's stream; none: the gateway gave none. */
  pairing?: Pairing | null
}

/**
 * A connection to the target agent, and to no other: one socket, or on a long way several as one, where the target knows how.
 * Rejects with `StreamError` TARGET_UNREACHABLE or TARGET_NOT_TRUSTED, or the signal's reason.
 */
export async function reach(target: LinkTarget, credentials: Credentials, signal: AbortSignal, lanesFromMs: number = LANES_FROM_MS): Promise<Connection> {
  const { socket, roundTripMs } = await dial(target, credentials, signal)
  const known = knownTargets.of(target)
  known.sawRoundTrip(roundTripMs)
  if (known.roundTripMs < lanesFromMs || known.alone) return socket
  try {
    const another = async (either: AbortSignal) => (await dial(target, credentials, either)).socket
    const bundle = await openLanes({ first: socket, another, count: LANES, target }, signal)
    if (bundle !== null) {
      known.lanesWork()
      return bundle
    }
    known.lanesRefused()
  } catch (error) {
    if (!signal.aborted) known.lanesFailed()
    throw error
  }
  return (await dial(target, credentials, signal)).socket
}

/** `roundTripMs`: the kernels' own, from the first packet to the answer; TLS and the agents' work come after it. */
async function dial(target: LinkTarget, credentials: Credentials, signal: AbortSignal): Promise<{ socket: TLSSocket; roundTripMs: number }> {
  signal.throwIfAborted()
  const socket = connect({
    ...tlsSettings(credentials),
    host: target.host,
    port: target.port,
    checkServerIdentity: (_host, certificate) =>
      certificate.subject?.CN === target.agentId
        ? undefined
        : new StreamError('TARGET_NOT_TRUSTED', `${target.host}:${target.port} presented the certificate of "${String(certificate.subject?.CN)}", not of target agent "${target.agentId}". Check the target agent's stream address.`),
  })
  let attemptedAtMs = performance.now()
  let roundTripMs = 0
  socket.on('connectionAttempt', () => (attemptedAtMs = performance.now()))
  socket.on('connect', () => (roundTripMs = performance.now() - attemptedAtMs))
  socket.on('error', () => {}) // nobody may be waiting for it at that moment; it is then found destroyed
  socket.setNoDelay(true)
  await answerFrom(socket, target, signal, REACH_TIMEOUT_MS, (resolve) => {
    socket.on('secureConnect', resolve)
    return () => socket.off('secureConnect', resolve)
  })
  return { socket, roundTripMs }
}
