import { unlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import type { BlockDevice } from './block-device.ts'
import { errorNumber, BlockError } from './errors.ts'
import { COMMAND, COMMAND_FLAG, MAX_PAYLOAD_BYTES, SIMPLE_REPLY_BYTES, decodeRequest, writeSimpleReply } from './protocol.ts'
import type { Request } from './protocol.ts'
import { serverHandshake } from './server-handshake.ts'
import { ConnectionClosed, drained, socketReader } from './socket-reader.ts'

/** As many requests as qemu and fio keep in flight at their deepest usual settings, and then some. */
const DEFAULT_IN_FLIGHT = 128
/** A guest has a handful of connections; more is a leak or an attack. */
const MAX_CONNECTIONS = 64
/** Payload held at a time for one connection, beyond which its next request waits. */
const MAX_BYTES_IN_FLIGHT = 2 * MAX_PAYLOAD_BYTES

export type NbdServerOptions = {
  readonly socketPath: string
  readonly exportName: string
  readonly device: BlockDevice
  /** Requests of one connection that are worked on at a time. */
  readonly maxInFlight?: number
  /** Told of connections that ended in an error; the server itself goes on. */
  readonly onConnectionError?: (error: unknown) => void
}
export type NbdServer = { close(): Promise<void>; connections(): number }

/**
 * Serves one device on a unix socket until closed. A stale socket file is replaced. Closing ends
 * the connections, waits for requests under way, and leaves the device open: it is the caller's.
 */
export async function serveNbd(options: NbdServerOptions): Promise<NbdServer> {
  const open = new Map<Socket, Promise<void>>()
  const server = createServer((socket) => {
    // What a dead client left in the device must not land on a newer client's writes.
    const settled = async () => {
      await Promise.all([...open].filter(([other]) => other !== socket && (other.destroyed || other.readableEnded)).map(([, ending]) => ending))
    }
    const served = serveConnection(socket, options, settled)
      .catch((error: unknown) => {
        if (!(error instanceof ConnectionClosed)) options.onConnectionError?.(error)
      })
      .finally(() => {
        open.delete(socket)
        socket.destroy()
      })
    open.set(socket, served)
  })
  server.maxConnections = MAX_CONNECTIONS
  await unlink(options.socketPath).catch(() => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.socketPath, resolve)
  })
  return {
    connections: () => open.size,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const serving = [...open.values()]
      for (const socket of open.keys()) socket.destroy()
      await Promise.all([...serving, closed])
    },
  }
}

async function serveConnection(socket: Socket, { exportName, device, maxInFlight = DEFAULT_IN_FLIGHT }: NbdServerOptions, settled: () => Promise<void>): Promise<void> {
  socket.on('error', () => socket.destroy())
  const reader = socketReader(socket)
  if (!(await serverHandshake(socket, reader, { name: exportName, sizeBytes: device.sizeBytes }))) {
    socket.end()
    return
  }
  await settled()
  const working = new Set<Promise<void>>()
  let bytesInFlight = 0
  try {
    for (;;) {
      while (working.size >= maxInFlight || bytesInFlight > MAX_BYTES_IN_FLIGHT) await Promise.race(working)
      await drained(socket)
      const request = decodeRequest(await reader.exactly(28))
      if (request.command === COMMAND.DISC) return
      if (request.length > MAX_PAYLOAD_BYTES && (request.command === COMMAND.WRITE || request.command === COMMAND.READ)) {
        // The payload of a write this long cannot be skipped within bounds: hang up.
        if (request.command === COMMAND.WRITE) throw new Error(`A write of ${request.length} bytes is longer than ${MAX_PAYLOAD_BYTES}.`)
      }
      const payload = request.command === COMMAND.WRITE ? await reader.exactly(request.length) : null
      bytesInFlight += request.length
      const work: Promise<void> = answer(socket, device, request, payload).finally(() => {
        bytesInFlight -= request.length
        working.delete(work)
      })
      working.add(work)
    }
  } finally {
    await Promise.all(working)
  }
}

/** Does one request and writes its reply; never rejects, an error is an answer. */
async function answer(socket: Socket, device: BlockDevice, request: Request, payload: Buffer | null): Promise<void> {
  let reply: Buffer
  try {
    reply = await perform(device, request, payload)
    writeSimpleReply(reply, request, 0)
  } catch (error) {
    reply = Buffer.allocUnsafe(SIMPLE_REPLY_BYTES)
    writeSimpleReply(reply, request, errorNumber(error))
  }
  if (!socket.destroyed) socket.write(reply)
}

async function perform(device: BlockDevice, { command, flags, offset, length }: Request, payload: Buffer | null): Promise<Buffer> {
  if (command === COMMAND.FLUSH) await device.flush()
  else {
    if (offset + length > device.sizeBytes) {
      throw new BlockError(command === COMMAND.READ || command === COMMAND.TRIM ? 'EINVAL' : 'ENOSPC', `Bytes ${offset} to ${offset + length} lie outside the disk.`)
    }
    if (command === COMMAND.READ) {
      if (length > MAX_PAYLOAD_BYTES) throw new BlockError('EOVERFLOW', `A read of ${length} bytes is longer than ${MAX_PAYLOAD_BYTES}.`)
      const reply = Buffer.allocUnsafe(SIMPLE_REPLY_BYTES + length)
      if (length > 0) await device.read(offset, reply.subarray(SIMPLE_REPLY_BYTES))
      return reply
    }
    if (command === COMMAND.WRITE && payload) {
      if (length > 0) await device.write(offset, payload)
    } else if (command === COMMAND.TRIM || command === COMMAND.WRITE_ZEROES) {
      if (length > 0) await device.writeZeroes(offset, length)
    } else throw new BlockError('EINVAL', `Command ${command} is not one that we offer.`)
    if (flags & COMMAND_FLAG.FUA) await device.flush()
  }
  return Buffer.allocUnsafe(SIMPLE_REPLY_BYTES)
}
