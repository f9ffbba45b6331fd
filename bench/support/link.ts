/**
 * A link of limited speed and some length, between two processes of this machine. In user space, since
 * delay needs a kernel module that many machines lack; a process of its own, so that its work is nobody's.
 */
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
  /** Payload carried since the opening: there, from whoever connects to the port; back, to it. */
  carried: method('carried', nothing, z.object({ thereBytes: z.number(), backBytes: z.number() })),
}

export interface Link {
  /** Connect to this port of 127.0.0.1 to reach the far end. */
  readonly port: number
  /** Payload carried so far. */
  carried(): Promise<{ thereBytes: number; backBytes: number }>
  close(): Promise<void>
}

/** Opens a link to `port` of 127.0.0.1. */
export async function openLink(port: number, { bitsPerSecond, delayMs }: LinkShape): Promise<Link> {
  const program = startProgram(new URL('relay.ts', import.meta.url))
  const opened = await program.peer.call(relayMethods.open, { port, bitsPerSecond, delayMs })
  return { port: opened.port, carried: () => program.peer.call(relayMethods.carried, null), close: () => program.stop() }
}
