/** The relay's process; see link.ts. Each direction of each connection waits its turn at one line of the given speed. */
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { relayMethods } from './link.ts'
import { machineNowMs } from './numbers.ts'
import { parentPeer } from './processes.ts'

/** Bytes that wait for the line, as in a router's queue; beyond, the sender is not read and TCP holds it back. 20 ms at 100 Mbit/s. */
const QUEUE_BYTES = 256 * 1024
/** What leaves the line at a time: 1.3 ms at 100 Mbit/s, the timer's own grain. */
const PIECE_BYTES = 16 * 1024

/** One direction's line, shared by all connections: when it will be free, and what waits for it. */
class Line {
  readonly #bytesPerMs: number | null
  readonly #delayMs: number
  #freeAtMs = 0
  carriedBytes = 0

  constructor(bitsPerSecond: number | null, delayMs: number) {
    this.#bytesPerMs = bitsPerSecond === null ? null : bitsPerSecond / 8 / 1000
    this.#delayMs = delayMs
  }

  /** Puts bytes on the line; returns when they have left it and when they arrive. */
  carry(bytes: number, nowMs: number): { leftAtMs: number; arrivesAtMs: number } {
    this.carriedBytes += bytes
    if (this.#bytesPerMs !== null) this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + bytes / this.#bytesPerMs
    const leftAtMs = this.#bytesPerMs === null ? nowMs : this.#freeAtMs
    return { leftAtMs, arrivesAtMs: leftAtMs + this.#delayMs }
  }
}

interface Travelling {
  readonly data: Buffer | null
  readonly leftAtMs: number
  readonly arrivesAtMs: number
}

/** Carries what `from` sends to `to` over the line, in order, with its end. */
function carry(line: Line, from: Socket, to: Socket): void {
  const travelling: Travelling[] = []
  /** Of `travelling`, those that still wait for the line. */
  let waiting: Travelling[] = []
  let timer: NodeJS.Timeout | null = null
  let ended = false

  const waitingBytes = () => waiting.reduce((sum, { data }) => sum + (data?.length ?? 0), 0) + to.writableLength
  const look = () => {
    timer = null
    const nowMs = machineNowMs()
    waiting = waiting.filter(({ leftAtMs }) => leftAtMs > nowMs)
    for (let first = travelling[0]; first !== undefined && first.arrivesAtMs <= nowMs; first = travelling[0]) {
      travelling.shift()
      if (first.data === null) to.end()
      else if (!to.destroyed) to.write(first.data)
    }
    if (!ended && waitingBytes() < QUEUE_BYTES) from.resume()
    const soonest = Math.min(travelling[0]?.arrivesAtMs ?? Infinity, waiting[0]?.leftAtMs ?? Infinity)
    if (Number.isFinite(soonest)) timer = setTimeout(look, Math.max(0, soonest - nowMs))
  }
  const add = (data: Buffer | null) => {
    const one = { data, ...line.carry(data?.length ?? 0, machineNowMs()) }
    travelling.push(one)
    waiting.push(one)
  }
  from.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) add(chunk.subarray(at, at + PIECE_BYTES))
    if (waitingBytes() >= QUEUE_BYTES) from.pause()
    if (timer === null) look()
  })
  from.on('end', () => {
    ended = true
    add(null)
    if (timer === null) look()
  })
  to.on('drain', () => {
    if (timer === null) look()
  })
  from.on('error', () => {})
  // A broken end breaks the other; one that closed in order was told by its end.
  from.on('close', (broken) => {
    if (broken || !ended) to.destroy()
  })
}

const peer = parentPeer()
let there = new Line(null, 0)
let back = new Line(null, 0)

peer.answer(relayMethods.carried, () => there.carriedBytes + back.carriedBytes)
peer.answer(relayMethods.open, async ({ port, bitsPerSecond, delayMs }) => {
  there = new Line(bitsPerSecond, delayMs)
  back = new Line(bitsPerSecond, delayMs)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (inward) => {
    const outward = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    carry(there, inward, outward)
    carry(back, outward, inward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The relay got no port.')
  return { port: address.port }
})
