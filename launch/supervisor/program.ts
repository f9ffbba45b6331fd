import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { signalGroup } from '../setup/command.ts'
import { messageOf, Refusal } from '../setup/failure.ts'

export type ProgramSpec = {
  name: string
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** Runs under this user and group instead of ours. */
  userId?: number
  /** True for the line of output that says the program is ready. */
  isReady: (line: string) => boolean
  /** How it is asked to end in order: by SIGTERM, or by closing its stdin. */
  stopBy: 'SIGTERM' | 'stdin'
  cwd?: string
}

/** A first start makes disks and keys, on a machine that builds the portal meanwhile. */
const READY_LIMIT_MS = 120_000
/** Programs drain within 10 s; what needs longer is stuck. */
const STOP_LIMIT_MS = 12_000
/** How often, and in what pieces, a log is read for the line that says ready. */
const READ_POLL_MS = 30
const READ_BYTES = 65_536
/** Lines of a log shown with a failure. */
const TAIL_LINES = 15

/** One program: at most one process of it at a time, its log, and how it ends. */
export class Program {
  readonly name: string
  readonly logFile: string
  readonly #spec: ProgramSpec
  #child: ChildProcess | undefined
  #gone: Promise<void> = Promise.resolve()

  constructor(spec: ProgramSpec, logFolder: string) {
    this.#spec = spec
    this.name = spec.name
    this.logFile = join(logFolder, `${spec.name}.log`)
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  get processId(): number | undefined {
    return this.#child?.pid
  }

  /** Starts it and waits until it is ready. `onEnd` is told, once it was ready, how it ended. */
  async start(onEnd: (how: string) => void): Promise<void> {
    if (this.#child !== undefined) return
    await this.#rotateLog()
    const { command, args, env, cwd, userId } = this.#spec
    // Straight to the file: a pipe would break with us, and what is written last is what one wants to read.
    const log = await open(this.logFile, 'a')
    const child = spawn(command, args, { env, cwd: cwd ?? '/', detached: true, stdio: ['pipe', log.fd, log.fd], ...(userId === undefined ? {} : { uid: userId, gid: userId }) })
    this.#child = child
    let ready = false
    const settled = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<void>()
    this.#gone = gone.promise
    // Writing to a program that just died is no failure of ours.
    child.stdin?.on('error', () => {})
    const onGone = (how: string) => {
      if (this.#child !== child) return
      this.#child = undefined
      child.stdin?.destroy()
      signalGroup(child, 'SIGKILL')
      gone.resolve()
      if (ready) onEnd(how)
      else settled.reject(new Error(`ended before it was ready (${how})`))
    }
    child.on('error', (error) => {
      if (child.pid === undefined) onGone(error.message)
    })
    child.on('exit', (code, signal) => onGone(signal ?? `exit code ${code}`))
    await log.close()
    const watching = new AbortController()
    try {
      await Promise.race([settled.promise, this.#readUntilReady(watching.signal)])
      if (this.#child !== child) throw new Error('ended as soon as it was ready')
      ready = true
    } catch (error) {
      throw await this.#failure(messageOf(error))
    } finally {
      watching.abort()
    }
  }

  /** Reads the log as it grows until the line that says ready; rejects after the limit. */
  async #readUntilReady(signal: AbortSignal): Promise<void> {
    const limit = Date.now() + READY_LIMIT_MS
    const file = await open(this.logFile, 'r')
    let rest = ''
    try {
      while (!signal.aborted) {
        const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(READ_BYTES) })
        const lines = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n')
        rest = (lines.pop() ?? '').slice(-READ_BYTES)
        if (lines.some((line) => this.#spec.isReady(line))) return
        if (Date.now() > limit) throw new Error(`was not ready after ${READY_LIMIT_MS / 1000} s`)
        if (bytesRead < READ_BYTES) await sleep(READ_POLL_MS)
      }
    } finally {
      await file.close()
    }
  }

  /** Asks it to end, waits, and ends it hard when it does not. Nothing happens when it does not run. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    if (this.#spec.stopBy === 'stdin') child.stdin?.end()
    else child.kill('SIGTERM')
    const limit = new AbortController()
    await Promise.race([this.#gone, sleep(STOP_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => {})])
    limit.abort()
    await this.kill()
  }

  /** Ends it and all it started with SIGKILL. */
  async kill(): Promise<void> {
    if (this.#child !== undefined) signalGroup(this.#child, 'SIGKILL')
    await this.#gone
  }

  async #failure(what: string): Promise<Refusal> {
    const lines = (await readFile(this.logFile, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-TAIL_LINES)
    return new Refusal(`${this.name} ${what}. Its last lines, of ${this.logFile}:\n${lines.map((line) => `    ${line}`).join('\n')}`)
  }

  /** The log of the run before is kept once, as `.1`. */
  async #rotateLog(): Promise<void> {
    const size = await stat(this.logFile).then((found) => found.size, () => 0)
    if (size > 0) await rename(this.logFile, `${this.logFile}.1`)
  }
}
