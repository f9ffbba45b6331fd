import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import type { TokenBucket } from '../block/token-bucket.ts'
import { answerFrom } from './answer-from.ts'
import type { Connection } from './connection.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeMark, encodeProbe, encodeProbeData } from './frames.ts'
import type { Message } from './frames.ts'
import type { Credentials } from './identity.ts'
import { demandProbeProof, probeProofOf } from './probe-proof.ts'
import type { Pairing } from './proof.ts'
import { MAX_FRAME_BYTES_BEFORE_HELLO, MOST_PROBE_BYTES, PROBE_PIECE_BYTES, StreamError } from './protocol.ts'
import { reach } from './reach.ts'
import type { LinkTarget } from './reach.ts'

/** For this long it sends, unless it has sent all that a probe may. */
export const LONGEST_SEND_MS = 2_000
/** Whatever still waits in buffers on the way. */
const ANSWER_TIMEOUT_MS = 30_000

/** What a probe found. `seconds`: from the first byte sent until the target had read the last. */
export interface Probed {
  readonly probedBytes: number
  readonly seconds: number
  readonly roundTripMs: number
}

/** Sends noise to the target for a moment, over as many connections as a stream would have, within the site's cap. Rejects with `StreamError`, or the signal's reason. */
export async function probe(target: LinkTarget & { pairing: Pairing }, credentials: Credentials, bucket: TokenBucket, signal: AbortSignal): Promise<Probed> {
  const socket = await reach(target, credentials, signal)
  const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
  try {
    const askedMs = performance.now()
    const ok = await answerOf(socket, decoder, target, signal, () => socket.write(encodeProbe('PROBE', probeProofOf(target.pairing, 'PROBE', socket))))
    if (ok.type !== 'PROBE_OK') throw unexpected(ok)
    demandProbeProof(target.pairing, 'PROBE_OK', ok.proof, socket)
    const startMs = performance.now()
    const roundTripMs = startMs - askedMs
    // Noise: what a line compresses on its way would say too much.
    const piece = encodeProbeData(randomFillSync(Buffer.allocUnsafe(PROBE_PIECE_BYTES)))
    let probedBytes = 0
    while (probedBytes + PROBE_PIECE_BYTES <= MOST_PROBE_BYTES && performance.now() - startMs < LONGEST_SEND_MS) {
      await bucket.take(PROBE_PIECE_BYTES, signal)
      if (!socket.write(piece)) await once(socket, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]) })
      probedBytes += PROBE_PIECE_BYTES
    }
    const marked = await answerOf(socket, decoder, target, signal, () => socket.write(encodeMark(1)))
    if (marked.type !== 'MARKED') throw unexpected(marked)
    return { probedBytes, seconds: (performance.now() - startMs) / 1000, roundTripMs }
  } finally {
    socket.destroy()
  }
}

/** The next message after `ask`. */
function answerOf(socket: Connection, decoder: FrameDecoder, target: LinkTarget, signal: AbortSignal, ask: () => void): Promise<Message> {
  return answerFrom(socket, target, signal, ANSWER_TIMEOUT_MS, (resolve, reject) => {
    const receive = (chunk: Buffer) => {
      try {
        for (const { message } of decoder.push(chunk)) {
          if (message.type === 'ERROR') throw new StreamError(message.refusal.code, message.refusal.message)
          resolve(message)
        }
      } catch (error) {
        reject(error)
      }
    }
    socket.on('data', receive)
    ask()
    return () => socket.off('data', receive)
  })
}

const unexpected = (message: Message): StreamError => new StreamError('BROKEN_STREAM', `The target answered ${message.type} to a probe. Check that both agents run the same version.`)
