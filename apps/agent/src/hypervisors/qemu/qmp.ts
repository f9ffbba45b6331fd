import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { z } from 'zod'
import { lineSplitter, parseJson } from './json-lines.ts'
import { QmpError } from './qmp-error.ts'

/** QEMU greets at once; while another client has the socket it never does. */
const GREETING_TIMEOUT_MS = 5_000

/** Commands answer in milliseconds; only one that drains a slow disk takes seconds. */
const COMMAND_TIMEOUT_MS = 30_000

/** `query-named-block-nodes` of a VM with 64 disks and a few hundred bitmaps is below 1 MiB. */
const MAX_LINE_BYTES = 8 * 1024 * 1024

/** More than anybody keeps on the way; a caller in a loop is stopped here. */
const MAX_WAITING = 1_000

export interface QmpEvent {
  /** For example `BLOCK_JOB_READY`, `SHUTDOWN`. */
  readonly name: string
  /** As QEMU sent it; parse what you use with zod. */
  readonly data: Readonly<Record<string, unknown>>
  /** QEMU's clock. */
  readonly atMs: number
}

/** A connection to one QEMU's machine protocol. Commands are answered in order; many may wait. */
export interface Qmp {
  /**
   * Runs a command and parses what it returns; undefined arguments are left out.
   * Rejects with `QmpError`: QEMU's refusal, or that it could not be asked.
   */
  execute<T>(command: string, args?: Readonly<Record<string, unknown>>, output?: z.ZodType<T>): Promise<T>
  /** Tells of every event from now on; the returned function ends that. */
  onEvent(listener: (event: QmpEvent) => void): () => void
  /** Resolves with the reason when the connection is gone; never rejects. Connecting anew is the caller's. */
  readonly closed: Promise<QmpError>
  readonly isClosed: boolean
  close(): void
}

const message = z.union([
  z.object({ QMP: z.object({ version: z.unknown() }) }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}), timestamp: z.object({ seconds: z.number(), microseconds: z.number() }) }),
  z.object({ return: z.unknown(), id: z.number() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number().optional() }),
])

interface Waiting {
  readonly command: string
  readonly timer: NodeJS.Timeout
  readonly resolve: (value: unknown) => void
  readonly reject: (error: QmpError) => void
}

class QmpConnection implements Qmp {
  readonly #socket: Socket
  readonly #socketPath: string
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Set<(event: QmpEvent) => void>()
  readonly #greeted: () => void
  readonly #tellClosed: (reason: QmpError) => void
  readonly closed: Promise<QmpError>
  #reason: QmpError | null = null
  #nextId = 1

  constructor(socket: Socket, socketPath: string, greeted: () => void) {
    this.#socket = socket
    this.#socketPath = socketPath
    this.#greeted = greeted
    const { promise, resolve } = Promise.withResolvers<QmpError>()
    this.closed = promise
    this.#tellClosed = resolve
    const split = lineSplitter(MAX_LINE_BYTES, (line) => this.#take(line))
    socket.on('data', (chunk) => {
      try {
        split(chunk)
      } catch (error) {
        this.#end(new QmpError('PROTOCOL', `What listens at ${socketPath} does not speak QMP: ${messageOf(error)}.`))
      }
    })
    socket.on('error', (error) => this.#end(new QmpError('UNREACHABLE', `The QEMU at ${socketPath} cannot be reached (${error.message}). Check that it runs.`, { cause: error })))
    socket.on('close', () => this.#end(new QmpError('CLOSED', `The QEMU at ${socketPath} closed its QMP connection.`)))
  }

  get isClosed(): boolean {
    return this.#reason !== null
  }

  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>
  execute<T>(command: string, args: Readonly<Record<string, unknown>> | undefined, output: z.ZodType<T>): Promise<T>
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}, output: z.ZodType = z.unknown()): Promise<unknown> {
    if (this.#reason !== null) throw this.#reason
    if (this.#waiting.size >= MAX_WAITING) throw new QmpError('TIMEOUT', `${MAX_WAITING} commands wait already for the QEMU at ${this.#socketPath}.`)
    const id = this.#nextId
    this.#nextId += 1
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const timer = setTimeout(() => this.#end(new QmpError('TIMEOUT', `The QEMU at ${this.#socketPath} did not answer ${command} within ${COMMAND_TIMEOUT_MS / 1000} s. Check the storage its disks are on.`)), COMMAND_TIMEOUT_MS)
    this.#waiting.set(id, { command, timer, resolve, reject })
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`)
    const parsed = output.safeParse(await promise)
    if (!parsed.success) throw new QmpError('PROTOCOL', `QEMU's answer to ${command} is not understood: ${z.prettifyError(parsed.error)}. This version of QEMU may be too old or too new.`)
    return parsed.data
  }

  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#end(new QmpError('CLOSED', 'The QMP connection was closed.'))
  }

  #take(line: string): void {
    const parsed = message.safeParse(parseJson(line))
    if (!parsed.success) throw new Error(`"${line.slice(0, 80)}" is no message`)
    const said = parsed.data
    if ('QMP' in said) return this.#greeted()
    if ('event' in said) {
      const atMs = Math.floor(said.timestamp.seconds * 1000 + said.timestamp.microseconds / 1000)
      for (const listener of this.#listeners) listener({ name: said.event, data: said.data, atMs })
      return
    }
    const waiting = said.id === undefined ? undefined : this.#waiting.get(said.id)
    if (said.id === undefined || waiting === undefined) throw new Error('an answer to nothing that was asked')
    this.#waiting.delete(said.id)
    clearTimeout(waiting.timer)
    if ('error' in said) waiting.reject(new QmpError(said.error.class, `QEMU refused ${waiting.command}: ${said.error.desc}`))
    else waiting.resolve(said.return)
  }

  #end(reason: QmpError): void {
    if (this.#reason !== null) return
    this.#reason = reason
    this.#socket.destroy()
    for (const { timer, reject } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(reason)
    }
    this.#waiting.clear()
    this.#listeners.clear()
    this.#tellClosed(reason)
  }
}

/**
 * Connects to the QMP socket and negotiates. QEMU serves one client a socket: connect once a VM and share.
 * Rejects with `QmpError`. Source of the protocol: QEMU's docs/interop/qmp-spec.
 */
export async function connectQmp(socketPath: string): Promise<Qmp> {
  const greeting = Promise.withResolvers<void>()
  const connection = new QmpConnection(createConnection(socketPath), socketPath, greeting.resolve)
  const timer = setTimeout(() => greeting.reject(new QmpError('TIMEOUT', `The QEMU at ${socketPath} does not greet: another program is connected to its QMP socket, or it hangs. Disconnect the other program.`)), GREETING_TIMEOUT_MS)
  try {
    await Promise.race([greeting.promise, connection.closed.then((reason) => Promise.reject(reason))])
    await connection.execute('qmp_capabilities')
    return connection
  } catch (error) {
    connection.close()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
