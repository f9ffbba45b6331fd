/**
 * What a connection has received and nobody has taken yet, in one piece of memory: requests are read where they
 * landed, payloads go to the disk from where they landed.
 *
 *   |  taken  | start … end: to be read | room: where the next bytes go |  reserve  |
 *
 * Bytes move only in `room()`: between two calls of it, positions stay true.
 */

/** More than a socket's buffer holds (208 KiB for unix sockets), so that one read empties it; and small enough for a core's cache. */
const MAIN_BYTES = 256 * 1024
/** Kept back so that there is room even when a paused connection has filled the rest. */
const RESERVE_BYTES = 64 * 1024
/** With less room than this, what is left moves to the front first. */
const LEAST_ROOM_BYTES = 64 * 1024

export class ReceiveBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(MAIN_BYTES + RESERVE_BYTES)
  start = 0
  end = 0

  get length(): number {
    return this.end - this.start
  }

  /** Where the next bytes go; never empty, as long as a paused connection takes everything before it goes on. */
  room(): Buffer {
    if (this.start === this.end) this.start = this.end = 0
    else if (MAIN_BYTES - this.end < LEAST_ROOM_BYTES && this.start > 0) {
      this.bytes.copyWithin(0, this.start, this.end)
      this.end -= this.start
      this.start = 0
    }
    return this.bytes.subarray(this.end, this.end < MAIN_BYTES ? MAIN_BYTES : undefined)
  }

  /** `count` bytes were put into the room. */
  received(count: number): void {
    this.end += count
  }

  /** The next `count` bytes, now taken; valid until the next `room()`. */
  take(count: number): Buffer {
    const taken = this.bytes.subarray(this.start, this.start + count)
    this.start += count
    return taken
  }
}
