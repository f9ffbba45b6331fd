import type { Duplex } from 'node:stream'

/** What a disk's stream runs over: a socket, or several that act as one (`bundle.ts`). As of `net.Socket`, no more than is used. */
export interface Connection extends Duplex {
  readonly bytesWritten: number
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  setNoDelay(noDelay?: boolean): this
  setKeepAlive?(enable: boolean, initialDelayMs: number): this
  setTimeout(silenceMs: number, callback?: () => void): this
  /** Ends, and destroys once all was sent. */
  destroySoon(): void
}
