import { createConnection } from 'node:net'
import { z } from 'zod'
import { lineSplitter, parseJson } from './json-lines.ts'

/** An agent answers in milliseconds; one that polls its port or a guest that is busy takes a second. */
const ANSWER_TIMEOUT_MS = 3_000

/** An order that is refused is refused at once; one that is obeyed is not answered. */
const REFUSAL_MS = 300

const MAX_LINE_BYTES = 64 * 1024

const answer = z.union([z.object({ return: z.unknown() }), z.object({ error: z.object({ desc: z.string() }) })])

/** One conversation with the agent in a guest, over its virtio-serial port; QEMU serves one client at a time. */
export class GuestAgent {
  readonly #socket
  readonly #lines: string[] = []
  #wake: (() => void) | null = null
  #gone = false

  private constructor(socketPath: string) {
    this.#socket = createConnection(socketPath)
    const stir = () => {
      this.#wake?.()
      this.#wake = null
    }
    const split = lineSplitter(MAX_LINE_BYTES, (line) => this.#lines.push(line))
    this.#socket.on('data', (chunk) => {
      try {
        split(chunk)
      } catch {
        this.#socket.destroy()
      }
      stir()
    })
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.#gone = true
      stir()
    })
  }

  /**
   * Connects and waits for the agent's answer to a token of ours, past what it had left to say to others.
   * Null when nobody in the guest answers. Source: QEMU's docs/interop/qemu-ga-ref, guest-sync.
   */
  static async open(socketPath: string): Promise<GuestAgent | null> {
    const agent = new GuestAgent(socketPath)
    const id = 1 + Math.floor(Math.random() * 0x7ffffffe)
    agent.#send('guest-sync', { id })
    const deadlineMs = performance.now() + ANSWER_TIMEOUT_MS
    for (;;) {
      const said = await agent.#next(deadlineMs)
      if (said === null) {
        agent.close()
        return null
      }
      if ('return' in said && said.return === id) return agent
    }
  }

  #send(execute: string, args: Record<string, unknown> = {}): void {
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
  }

  /** The next message; null at the deadline, or when QEMU or its port are gone. */
  async #next(deadlineMs: number): Promise<z.infer<typeof answer> | null> {
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) {
        const parsed = answer.safeParse(parseJson(line))
        if (parsed.success) return parsed.data
        continue
      }
      const leftMs = deadlineMs - performance.now()
      if (this.#gone || leftMs <= 0) return null
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, leftMs)
      await promise
      clearTimeout(timer)
    }
  }

  /** How far the guest's clock is behind ours, milliseconds; null when it does not say. */
  async clockOffsetMs(): Promise<number | null> {
    const askedAtMs = Date.now()
    this.#send('guest-get-time')
    const said = await this.#next(performance.now() + ANSWER_TIMEOUT_MS)
    if (said === null || !('return' in said) || typeof said.return !== 'number') return null
    return Math.round((askedAtMs + Date.now()) / 2 - said.return / 1_000_000)
  }

  /** Asks for a shutdown in order. Rejects when the agent refuses; resolves before the guest is off. */
  async shutDown(): Promise<void> {
    this.#send('guest-shutdown', { mode: 'powerdown' })
    const said = await this.#next(performance.now() + REFUSAL_MS)
    if (said !== null && 'error' in said) throw new Error(`The guest's agent refuses to shut it down: ${said.error.desc}. Shut the guest down from inside.`)
  }

  close(): void {
    this.#socket.destroy()
  }
}
