/**
 * What a connection has received and nobody has taken yet, in one piece of memory: requests are read where they
 * landed, payloads go to the disk from where they landed.
 *
 *   |  taken  | start … end: to be read | room: where the next bytes go |  reserve  |
 *
 * Bytes move only in `room()` and once in `grow()`: between, positions stay true.
 */

/** For the handshake: an option with its data, and the beginning of what comes behind it. */
const FIRST_BYTES = 16 * 1024
/** More than a socket's buffer holds (208 KiB for unix sockets), so that one read empties it; and small enough for a core's cache. */
const MAIN_BYTES = 256 * 1024
/** Kept back so that there is room even when a paused connection has filled the rest. */
const RESERVE_BYTES = 64 * 1024

export class ReceiveBuffer {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES + RESERVE_BYTES / 16)
  start = 0
  end = 0
  #mainBytes = FIRST_BYTES

  get length(): number {
    return this.end - this.start
  }

  /** Where the next bytes go; never empty, as long as a paused connection takes everything before it goes on. */
  room(): Buffer {
    if (this.start === this.end) this.start = this.end = 0
    else if (this.#mainBytes - this.end < this.#mainBytes / 4 && this.start > 0) {
      this.bytes.copyWithin(0, this.start, this.end)
      this.end -= this.start
      this.start = 0
    }
    return this.bytes.subarray(this.end, this.end < this.#mainBytes ? this.#mainBytes : undefined)
  }

  /** `count` bytes were put into `room`, the last but one that was given, where the memory was changed since. */
  received(count: number, room: Uint8Array = this.bytes): void {
    if (room.buffer !== this.bytes.buffer) this.bytes.set(room.subarray(0, count), this.end)
    this.end += count
  }

  /** The handshake is over: from here on requests come with their payloads. */
  grow(): void {
    if (this.#mainBytes === MAIN_BYTES) return
    const grown = Buffer.allocUnsafeSlow(MAIN_BYTES + RESERVE_BYTES)
    this.bytes.copy(grown, 0, this.start, this.end)
    this.end -= this.start
    this.start = 0
    this.bytes = grown
    this.#mainBytes = MAIN_BYTES
  }

  /** The next `count` bytes, now taken; valid until the next `room()`. */
  take(count: number): Buffer {
    const taken = this.bytes.subarray(this.start, this.start + count)
    this.start += count
    return taken
  }
}
