import type { Duplex } from 'node:stream'

/** The other side hung up. */
export class ConnectionClosed extends Error {
  constructor() {
    super('The connection was closed.')
    this.name = 'ConnectionClosed'
  }
}

/** Reads exact numbers of bytes from a socket; what is not asked for stays in its buffers. One reader a socket at a time. */
export interface SocketReader {
  exactly(length: number): Promise<Buffer>
  /** Lets go of the socket: whoever reads next gets every byte not yet taken. */
  release(): void
}

export function socketReader(socket: Duplex): SocketReader {
  let wake: (() => void) | null = null
  const stir = () => {
    wake?.()
    wake = null
  }
  socket.on('readable', stir).on('end', stir).on('close', stir)
  return {
    async exactly(length) {
      if (length === 0) return Buffer.alloc(0)
      for (;;) {
        const chunk: unknown = socket.read(length)
        if (Buffer.isBuffer(chunk)) {
          if (chunk.length === length) return chunk
          throw new ConnectionClosed()
        }
        if (socket.destroyed || socket.readableEnded) throw new ConnectionClosed()
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    release() {
      socket.off('readable', stir).off('end', stir).off('close', stir)
    },
  }
}

/** Resolves when the socket has room for more, or is gone. */
export function drained(socket: Duplex): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}
