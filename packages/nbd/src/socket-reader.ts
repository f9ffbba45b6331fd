import type { Socket } from 'node:net'

/** The other side hung up. */
export class ConnectionClosed extends Error {
  constructor() {
    super('The connection was closed.')
    this.name = 'ConnectionClosed'
  }
}

/** Reads exact numbers of bytes from a socket; what is not asked for stays in the kernel. One reader a socket. */
export type SocketReader = { exactly(length: number): Promise<Buffer> }

export function socketReader(socket: Socket): SocketReader {
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
  }
}

/** Resolves when the socket has room for more, or is gone. */
export function drained(socket: Socket): Promise<void> {
  if (!socket.writableNeedDrain || socket.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}
