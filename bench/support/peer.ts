import { z } from 'zod'

/** One call between two processes of a measurement: what it takes and what it gives. */
export interface Method<Params, Result> {
  readonly name: string
  readonly params: z.ZodType<Params>
  readonly result: z.ZodType<Result>
}

/** Names a call for both ends. */
export function method<Params, Result>(name: string, params: z.ZodType<Params>, result: z.ZodType<Result>): Method<Params, Result> {
  return { name, params, result }
}

/** Of a call that takes or gives nothing. */
export const nothing = z.null()

const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('CALL'), id: z.number(), name: z.string(), params: z.unknown() }),
  z.object({ kind: z.literal('RESULT'), id: z.number(), result: z.unknown() }),
  z.object({ kind: z.literal('FAILED'), id: z.number(), why: z.string() }),
])
type Message = z.output<typeof message>

export interface Channel {
  send(message: Message): void
  onMessage(receive: (message: unknown) => void): void
  /** Calls back once when the other end is gone, saying how. */
  onGone(tell: (how: string) => void): void
}

/** One end of a channel between two processes; both may call the other. */
export class Peer {
  readonly #channel: Channel
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  readonly #answers = new Map<string, (params: unknown) => Promise<unknown>>()
  #nextId = 1
  #gone: Error | null = null

  constructor(channel: Channel) {
    this.#channel = channel
    channel.onMessage((received) => void this.#receive(message.parse(received)))
    channel.onGone((how) => {
      this.#gone = new Error(how)
      for (const { reject } of this.#waiting.values()) reject(this.#gone)
      this.#waiting.clear()
    })
  }

  /** Answers calls of `asked` from now on. */
  answer<Params, Result>(asked: Method<Params, Result>, handle: (params: Params) => Promise<Result> | Result): void {
    this.#answers.set(asked.name, async (params) => handle(asked.params.parse(params)))
  }

  /** Calls the other end; rejects with what it threw, or when it is gone. */
  async call<Params, Result>(asked: Method<Params, Result>, params: Params): Promise<Result> {
    if (this.#gone !== null) throw this.#gone
    const id = this.#nextId
    this.#nextId += 1
    const result = await new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#channel.send({ kind: 'CALL', id, name: asked.name, params })
    })
    return asked.result.parse(result)
  }

  async #receive(received: Message): Promise<void> {
    if (received.kind === 'CALL') {
      try {
        const answer = this.#answers.get(received.name)
        if (answer === undefined) throw new Error(`Nobody answers ${received.name}.`)
        this.#channel.send({ kind: 'RESULT', id: received.id, result: await answer(received.params) })
      } catch (error) {
        this.#channel.send({ kind: 'FAILED', id: received.id, why: error instanceof Error ? error.message : String(error) })
      }
      return
    }
    const waiting = this.#waiting.get(received.id)
    this.#waiting.delete(received.id)
    if (received.kind === 'RESULT') waiting?.resolve(received.result)
    else waiting?.reject(new Error(received.why))
  }
}
