import { Duplex } from 'node:stream'
import type { Connection } from '../stream/connection.ts'

/** For tests: one end of a lane in memory; what is written comes out of the other end when the way lets it. */
export class LaneEnd extends Duplex implements Connection {
  bytesWritten = 0
  #other: LaneEnd | null = null
  readonly #way: () => Promise<void>

  constructor(way: () => Promise<void>) {
    super({ allowHalfOpen: false, highWaterMark: 16 * 1024 })
    this.#way = way
  }

  static pair(way: () => Promise<void>): [LaneEnd, LaneEnd] {
    const ends: [LaneEnd, LaneEnd] = [new LaneEnd(way), new LaneEnd(way)]
    ends[0].#other = ends[1]
    ends[1].#other = ends[0]
    for (const end of ends) {
      end.pause()
      end.on('error', () => {})
    }
    return ends
  }

  setNoDelay = (): this => this
  setTimeout = (): this => this
  destroySoon(): void {
    this.end(() => this.destroy())
  }

  #taken: () => void = () => {}

  override _read(): void {
    this.#taken()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.bytesWritten += chunk.length
    void this.#bring(chunk, done)
  }

  override _final(done: () => void): void {
    void this.#bring(null, done)
  }

  async #bring(chunk: Buffer | null, done: () => void): Promise<void> {
    await this.#way()
    const other = this.#other
    if (other === null || other.destroyed || other.push(chunk) || chunk === null) return done()
    other.#taken = () => {
      other.#taken = () => {}
      done()
    }
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#taken()
    // As a cut connection: the other end hears of it, but not that it was ended in order.
    const other = this.#other
    if (other !== null && !this.writableFinished) setImmediate(() => other.destroy())
    done(error)
  }
}
