import type { Duplex } from 'node:stream'

/** Whoever takes what arrives. */
export interface DirectReader {
  /** Where the next bytes belong; never empty. */
  room(): Buffer
  /** So many bytes were put there. False: read no more until the socket is resumed. */
  received(count: number): boolean
}

/** For a plain socket made with `onread` (see `net.connect`): its bytes land where they are wanted. Filled in by whoever reads. */
export class DirectReads {
  reader: DirectReader = { room: () => Buffer.alloc(1), received: () => false }
}

/** Reads into nothing: what a peer still sends after its connection has failed. */
const nowhere = Buffer.allocUnsafe(64 * 1024)
export const discarding: DirectReader = { room: () => nowhere, received: () => true }

/** What the option `onread` of `net.connect` leaves in a socket: the buffer, whom to tell, and whom to ask for the next buffer. */
const ONREAD_PARTS = ['kBuffer', 'kBufferCb', 'kBufferGen'] as const

/**
 * Lets a connected socket's bytes land where they are wanted from here on, as `onread` does for sockets that connect. TLS
 * then costs neither a buffer nor a stream's event for each 16 KiB. It is not documented for TLS nor for a socket that is
 * there already, so it is tried, not trusted: false when this Node looks different, and `data` events then go on.
 */
export function readDirectly(socket: Duplex, reads: DirectReads): boolean {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null || socket.readableLength > 0) return false
  const useBuffer: unknown = Reflect.get(handle, 'useUserBuffer')
  const symbols = Object.getOwnPropertySymbols(socket)
  const [buffer, callback, generator] = ONREAD_PARTS.map((name) => symbols.find((symbol) => symbol.description === name))
  if (typeof useBuffer !== 'function' || buffer === undefined || callback === undefined || generator === undefined) return false
  const room = reads.reader.room()
  Reflect.set(socket, buffer, room)
  Reflect.set(socket, callback, (count: number) => reads.reader.received(count))
  Reflect.set(socket, generator, () => reads.reader.room())
  Reflect.apply(useBuffer, handle, [room])
  return true
}
