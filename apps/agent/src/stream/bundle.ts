import { Duplex } from 'node:stream'
import type { Connection } from './connection.ts'
import { ChunkDecoder, MAX_CHUNK_BYTES, encodeChunk } from './lane-chunks.ts'
import { StreamError } from './protocol.ts'
import { Reorder } from './reorder.ts'

/** When one lane has ended the others are to follow within this: some seconds, should their last packets be lost. */
const END_TOGETHER_MS = 5_000

/** A lane that carries nothing is probed this often: a firewall must not forget it, nor may it be dead unnoticed. */
const KEEP_ALIVE_MS = 20_000

/**
 * Several connections that carry one byte stream in each direction, in order: on a long link where packets get lost each
 * is held back by itself. A chunk goes to a lane that has passed its last on to the network; the other end puts them in
 * order. When a lane breaks, all of it breaks: whoever uses it connects anew.
 */
export class Bundle extends Duplex implements Connection {
  readonly #lanes: readonly Connection[]
  readonly #reorder: Reorder
  readonly #ended = new Set<Connection>()
  #sequence = 0
  /** The lane to try first: in turn, so that none is idle for long. */
  #turn = 0
  /** What could not be handed over yet, and whom to tell when it was. */
  #unsent: { readonly bytes: Buffer; readonly done: (error?: Error | null) => void } | null = null
  #wanted = false
  #finished = false
  #endTimer: NodeJS.Timeout | null = null
  #silence: NodeJS.Timeout | null = null

  /** Takes over connections that are set up and paused, and whose next bytes are chunks. */
  constructor(lanes: readonly Connection[]) {
    super({ allowHalfOpen: false })
    this.#lanes = lanes
    this.#reorder = new Reorder(lanes.length)
    lanes.forEach((lane, index) => this.#listen(lane, index))
  }

  get bytesWritten(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.bytesWritten, 0)
  }

  get remoteAddress(): string | undefined {
    return this.#lanes[0]?.remoteAddress
  }

  get remotePort(): number | undefined {
    return this.#lanes[0]?.remotePort
  }

  /** The connection of index 0, the same at both ends. */
  get first(): Connection | undefined {
    return this.#lanes[0]
  }

  get laneCount(): number {
    return this.#lanes.length
  }

  /** Received ahead of its turn, in bytes. */
  get heldBytes(): number {
    return this.#reorder.heldBytes
  }

  setNoDelay(noDelay = true): this {
    for (const lane of this.#lanes) lane.setNoDelay(noDelay)
    return this
  }

  /** As of a socket, for the stream as a whole: one lane's bytes out of turn are no sign of life. */
  setTimeout(silenceMs: number, callback?: () => void): this {
    if (this.#silence !== null) clearTimeout(this.#silence)
    this.#silence = silenceMs === 0 ? null : setTimeout(() => this.emit('timeout'), silenceMs).unref()
    if (callback !== undefined) this.once('timeout', callback)
    return this
  }

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#unsent = { bytes, done }
    this.#send()
  }

  override _read(): void {
    this.#wanted = true
    this.#deliver()
  }

  override _final(done: (error?: Error | null) => void): void {
    let left = this.#lanes.length
    for (const lane of this.#lanes) {
      lane.end(() => {
        left -= 1
        if (left === 0) done()
      })
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#endTimer !== null) clearTimeout(this.#endTimer)
    this.setTimeout(0)
    for (const lane of this.#lanes) lane.destroy()
    done(error)
    const unsent = this.#unsent
    this.#unsent = null
    unsent?.done(error ?? lost())
  }

  /** Hands over chunk by chunk, as far as lanes are free. */
  #send(): void {
    if (this.#unsent === null) return
    let { bytes } = this.#unsent
    const { done } = this.#unsent
    for (let lane = this.#freeLane(); lane !== null && bytes.length > 0; lane = this.#freeLane()) {
      const data = bytes.subarray(0, MAX_CHUNK_BYTES)
      this.#unsent = { bytes: (bytes = bytes.subarray(data.length)), done }
      lane.write(encodeChunk(this.#sequence, data), this.#written)
      this.#sequence += 1
    }
    if (bytes.length > 0) return
    this.#unsent = null
    done()
  }

  readonly #written = () => {
    this.#silence?.refresh()
    if (!this.destroyed) this.#send()
  }

  /** One that holds nothing back itself, in turn. */
  #freeLane(): Connection | null {
    for (let tried = 0; tried < this.#lanes.length; tried += 1) {
      const lane = this.#lanes[(this.#turn + tried) % this.#lanes.length]
      if (lane === undefined || lane.writableLength > 0) continue
      this.#turn = (this.#turn + tried + 1) % this.#lanes.length
      return lane
    }
    return null
  }

  #listen(lane: Connection, index: number): void {
    const decoder = new ChunkDecoder()
    lane.on('data', (bytes: Buffer) => {
      if (this.destroyed) return
      try {
        for (const chunk of decoder.push(bytes)) this.#reorder.put(index, chunk)
      } catch (error) {
        this.destroy(error instanceof Error ? error : new Error(String(error)))
        return
      }
      this.#deliver()
    })
    lane.on('error', (error: Error) => this.destroy(error))
    lane.on('end', () => this.#laneEnded(lane))
    lane.on('close', () => {
      // One that has ended waits for the others, which may still bring what came before the end.
      if (!this.#ended.has(lane)) this.destroy(lost())
    })
    lane.setTimeout(0)
    lane.removeAllListeners('timeout') // silence is judged by the whole
    lane.setKeepAlive?.(true, KEEP_ALIVE_MS)
    lane.resume()
    if (lane.destroyed) this.destroy(lost())
  }

  #deliver(): void {
    while (this.#wanted) {
      const data = this.#reorder.take()
      if (data === null) break
      this.#silence?.refresh()
      this.#wanted = false
      if (this.push(data)) this.#wanted = true
    }
    if (this.#ended.size === this.#lanes.length && (this.#reorder.heldBytes === 0 || this.#wanted)) this.#finish()
    else this.#readLanes()
  }

  #readLanes(): void {
    this.#lanes.forEach((lane, index) => {
      const read = this.#reorder.mayRead(index, this.#wanted)
      if (read && lane.isPaused()) lane.resume()
      if (!read && !lane.isPaused()) lane.pause()
    })
  }

  /** All lanes have ended, and all that can be delivered was. */
  #finish(): void {
    if (this.#finished) return
    this.#finished = true
    if (this.#endTimer !== null) clearTimeout(this.#endTimer)
    if (this.#reorder.heldBytes === 0) this.push(null)
    else this.destroy(lost())
  }

  #laneEnded(lane: Connection): void {
    this.#ended.add(lane)
    this.#endTimer ??= setTimeout(() => {
      // A lane that nobody reads now cannot tell that it has ended.
      if (this.#lanes.some((other) => other.isPaused())) this.#endTimer?.refresh()
      else this.destroy(lost())
    }, END_TOGETHER_MS)
    this.#deliver()
  }
}

const lost = (): StreamError => new StreamError('CONNECTION_LOST', 'One of the connections that carry the stream was closed.')
