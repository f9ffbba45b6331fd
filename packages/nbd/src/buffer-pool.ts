/**
 * Memory for payloads that are under way, used again: fresh memory has to be cleared by the kernel, page by page, which
 * for large requests costs as much as copying them. Not meant to be shared by connections: what is kept stays small.
 */

/** Sizes are powers of two, from here … */
const LEAST_BYTES = 4096
/** … to here; what is larger is rare, and made anew. */
const MOST_BYTES = 2 * 1024 * 1024
/** Kept for later, at most. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024

export class BufferPool {
  readonly #free = new Map<number, Buffer[]>()
  #keptBytes = 0

  /** At least `bytes` long; its content is anything. */
  take(bytes: number): Buffer {
    const size = sizeFor(bytes)
    const kept = this.#free.get(size)?.pop()
    if (kept === undefined) return Buffer.allocUnsafeSlow(size)
    this.#keptBytes -= size
    return kept
  }

  /** Nobody uses it any more. */
  give(buffer: Buffer): void {
    const size = buffer.length
    if (size > MOST_BYTES || this.#keptBytes + size > MAX_KEPT_BYTES) return
    const kept = this.#free.get(size)
    if (kept === undefined) this.#free.set(size, [buffer])
    else kept.push(buffer)
    this.#keptBytes += size
  }
}

function sizeFor(bytes: number): number {
  if (bytes > MOST_BYTES) return bytes
  return bytes <= LEAST_BYTES ? LEAST_BYTES : 2 ** Math.ceil(Math.log2(bytes))
}
