import type { Connection } from '../stream/connection.ts'
import { encodeMarked, encodeProbe } from '../stream/frames.ts'
import { demandProbeProof, probeProofOf } from '../stream/probe-proof.ts'
import type { Pairing } from '../stream/proof.ts'
import { MOST_PROBE_BYTES, StreamError } from '../stream/protocol.ts'
import type { Inbox } from './inbox.ts'

/** A source's probes are this far apart at least: half a MiB a second is the most that one which does not keep to its own plan can take of our line. */
const LEAST_BETWEEN_MS = 30_000

/** Who may probe the way to us, and how often. */
export class ProbeAdmission {
  readonly #now: () => number
  #pairings = new Map<string, Pairing>()
  readonly #lastMs = new Map<string, number>()

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  set(pairings: readonly Pairing[]): void {
    this.#pairings = new Map(pairings.map((pairing) => [pairing.sourceAgentId, pairing]))
    for (const agentId of this.#lastMs.keys()) if (!this.#pairings.has(agentId)) this.#lastMs.delete(agentId)
  }

  /** The pairing with this agent, whose proof was checked; throws `StreamError`. */
  admit(peerAgentId: string, shown: string, connection: Connection): Pairing {
    const pairing = this.#pairings.get(peerAgentId)
    if (pairing === undefined) throw new StreamError('PROBE_REFUSED', `Agent "${peerAgentId}" is not known to probe the way to this target. Both hear of it from the gateway, within seconds of one another.`)
    demandProbeProof(pairing, 'PROBE', shown, connection)
    const lastMs = this.#lastMs.get(peerAgentId) ?? Number.NEGATIVE_INFINITY
    if (this.#now() - lastMs < LEAST_BETWEEN_MS) throw new StreamError('PROBE_REFUSED', `Agent "${peerAgentId}" has probed the way a moment ago. Probes are ${LEAST_BETWEEN_MS / 1000} s apart at least.`)
    this.#lastMs.set(peerAgentId, this.#now())
    return pairing
  }
}

/** Serves one probe whose first word has come: reads what is sent, and no more than a probe may have, and throws it away. Rejects with `StreamError`. */
export async function serveProbe(socket: Connection, inbox: Inbox, pairing: Pairing): Promise<void> {
  socket.write(encodeProbe('PROBE_OK', probeProofOf(pairing, 'PROBE_OK', socket)))
  let probedBytes = 0
  for (let received = await inbox.next(); received !== null; received = await inbox.next()) {
    const { message } = received
    received.release()
    if (message.type === 'MARK') {
      socket.write(encodeMarked(message.id))
      return
    }
    if (message.type !== 'PROBE_DATA') throw new StreamError('BROKEN_STREAM', `The peer sent ${message.type} in a probe.`)
    probedBytes += message.dataBytes
    if (probedBytes > MOST_PROBE_BYTES) throw new StreamError('PROBE_REFUSED', `A probe sends ${MOST_PROBE_BYTES} bytes at most.`)
  }
}
