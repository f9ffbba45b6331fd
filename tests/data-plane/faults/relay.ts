import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'

/** Longest a partition lasts: the agents must come back by themselves afterwards. */
const PARTITION_MS = 400

/** A TCP relay that damages what goes through it, by seed: the network between the agents. */
export async function startRelay(targetPort: () => number, random: () => number) {
  const sockets = new Set<Socket>()
  let partitioned = false
  let flipRate = 0
  const carry = (from: Socket, to: Socket) => {
    from.on('data', (chunk) => {
      if (partitioned) return void from.pause() // as if the packets were lost: TCP holds them back
      if (flipRate > 0 && random() < flipRate) {
        const at = Math.floor(random() * chunk.length)
        chunk.writeUInt8(chunk.readUInt8(at) ^ 1, at)
      }
      if (!to.write(chunk)) {
        from.pause()
        to.once('drain', () => from.resume())
      }
    })
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }
  const server = createServer((near) => {
    const far = connect(targetPort(), '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    carry(near, far)
    carry(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The relay has no port.')
  return {
    port: address.port,
    /** Bits of TCP's payload flip at this rate a chunk: TLS must notice. */
    setFlipRate: (rate: number) => {
      flipRate = rate
    },
    /** All connections break. */
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    /** Nothing goes through, in silence; afterwards connections are gone. */
    partition: async () => {
      partitioned = true
      await new Promise((resolve) => setTimeout(resolve, random() * PARTITION_MS))
      partitioned = false
      for (const socket of sockets) socket.destroy()
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
export type Relay = Awaited<ReturnType<typeof startRelay>>
