import { randomBytes } from 'node:crypto'
import { answerFrom } from './answer-from.ts'
import { Bundle } from './bundle.ts'
import type { Connection } from './connection.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeLanes } from './frames.ts'
import { MAX_FRAME_BYTES_BEFORE_HELLO, StreamError } from './protocol.ts'
import type { Lanes } from './protocol.ts'

/** All connections are to be there within this, on both ends. */
export const LANES_TIMEOUT_MS = 10_000

/** A target of before lanes says the first, one that will not have these the second. */
const REFUSALS: readonly string[] = ['BROKEN_STREAM', 'LANES_REFUSED']

export interface OpenLanes {
  first: Connection
  /** Another connection to the same target. */
  another: (signal: AbortSignal) => Promise<Connection>
  count: number
  target: { host: string; port: number }
}

/** Makes several connections one. Null when the target will not; rejects as `answerFrom` does. On failure none is left open. */
export async function openLanes({ first, another, count, target }: OpenLanes, signal: AbortSignal): Promise<Bundle | null> {
  const bundle = randomBytes(16).toString('hex')
  const oneFailed = new AbortController()
  const either = AbortSignal.any([signal, oneFailed.signal])
  const join = async (connecting: Promise<Connection>, index: number) => {
    const lane = await connecting
    try {
      await joinLane(lane, { bundle, index, of: count }, target, either)
      return lane
    } catch (error) {
      lane.destroy()
      throw error
    }
  }
  const connecting = Array.from({ length: count }, (_, index) => (index === 0 ? Promise.resolve(first) : another(either)))
  const joining = connecting.map((lane, index) => join(lane, index))
  try {
    return new Bundle(await Promise.all(joining))
  } catch (error) {
    oneFailed.abort(error)
    for (const joined of await Promise.allSettled(joining)) if (joined.status === 'fulfilled') joined.value.destroy()
    if (!signal.aborted && error instanceof StreamError && REFUSALS.includes(error.code)) return null
    throw error
  }
}

/** Resolves when the target has all lanes; this one is then paused, and nothing of it was read beyond the answer. */
function joinLane(lane: Connection, lanes: Lanes, target: { host: string; port: number }, signal: AbortSignal): Promise<void> {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES_BEFORE_HELLO)
  return answerFrom(lane, target, signal, LANES_TIMEOUT_MS, (resolve, reject) => {
    const receive = (chunk: Buffer) => {
      try {
        for (const { message } of decoder.push(chunk)) {
          if (message.type === 'ERROR') throw new StreamError(message.refusal.code, message.refusal.message)
          if (message.type !== 'LANES_OK') throw new StreamError('BROKEN_STREAM', `The target answered ${message.type} to LANES.`)
          return resolve()
        }
      } catch (error) {
        reject(error)
      }
    }
    lane.on('data', receive)
    lane.write(encodeLanes(lanes))
    return () => lane.off('data', receive).pause()
  })
}
