/**
 * A link between two processes of this machine: the loopback as it is, or a relay of limited speed and some
 * length. The relay is in user space, since delay needs a kernel module that many machines lack, and a process
 * of its own, so that its work is nobody's.
 */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { method, nothing } from './peer.ts'
import { startProgram } from './processes.ts'

export interface LinkShape {
  /** Of each direction; null for as fast as it goes. */
  readonly bitsPerSecond: number | null
  /** One way. */
  readonly delayMs: number
}

/** What the relay's process is asked. */
export const relayMethods = {
  open: method('open', z.object({ port: z.number(), bitsPerSecond: z.number().nullable(), delayMs: z.number() }), z.object({ port: z.number() })),
  /** Payload carried since the opening, both directions. */
  carried: method('carried', nothing, z.number()),
}

export interface Link {
  /** Connect to this port of 127.0.0.1 to reach the far end. */
  readonly port: number
  /** Bytes carried so far, both directions: payload of a relay, packets of the loopback as it is. */
  carried(): Promise<number>
  close(): Promise<void>
}

/** Opens a link to `port` of 127.0.0.1. Of one without limits the bytes are right only in a network of our own. */
export async function openLink(port: number, { bitsPerSecond, delayMs }: LinkShape): Promise<Link> {
  if (bitsPerSecond === null && delayMs === 0) {
    const before = await loopbackBytes()
    return { port, carried: async () => (await loopbackBytes()) - before, close: () => Promise.resolve() }
  }
  const program = startProgram(new URL('relay.ts', import.meta.url))
  const opened = await program.peer.call(relayMethods.open, { port, bitsPerSecond, delayMs })
  return { port: opened.port, carried: () => program.peer.call(relayMethods.carried, null), close: () => program.stop() }
}

/** What the loopback of this network namespace has received. */
async function loopbackBytes(): Promise<number> {
  const received = /^\s*lo:\s*(\d+)/m.exec(await readFile('/proc/net/dev', 'utf8'))?.[1]
  if (received === undefined) throw new Error('/proc/net/dev does not tell what the loopback carried.')
  return Number(received)
}
