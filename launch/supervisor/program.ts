import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { signalGroup } from '../setup/command.ts'
import { Refusal } from '../setup/failure.ts'

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
/** Lines of a log shown with a failure. */
const TAIL_LINES = 15

/** One program: at most one process of it at a time, its log, and how it ends. */
export class Program {
  readonly name: string
  readonly logFile: string
  readonly #spec: ProgramSpec
  #child: ChildProcess | undefined
  #gone: Promise<void> = Promise.resolve()
  #tail: string[] = []

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
    this.#tail = []
    const { command, args, env, cwd, userId } = this.#spec
    const child = spawn(command, args, { env, cwd: cwd ?? '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'], ...(userId === undefined ? {} : { uid: userId, gid: userId }) })
    this.#child = child
    const log = createWriteStream(this.logFile, { flags: 'a' })
    let failedToSpawn: string | undefined
    let ready = false
    const settled = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    this.#gone = ended.promise
    const readLines = (stream: NodeJS.ReadableStream) => {
      const lines = createInterface({ input: stream })
      lines.on('line', (line) => {
        log.write(`${line}\n`)
        this.#tail = [...this.#tail.slice(1 - TAIL_LINES), line]
        if (ready || !this.#spec.isReady(line)) return
        ready = true
        settled.resolve()
      })
    }
    readLines(child.stdout)
    readLines(child.stderr)
    // Writing to a program that just died is no failure of ours.
    child.stdin.on('error', () => {})
    const onGone = (how: string) => {
      if (this.#child !== child) return
      this.#child = undefined
      child.stdin.destroy()
      signalGroup(child, 'SIGKILL')
      log.end()
      ended.resolve()
      if (ready) onEnd(how)
      else settled.reject(this.#failure(`ended before it was ready (${how})`))
    }
    child.on('error', (error) => {
      failedToSpawn = error.message
      if (child.pid === undefined) onGone(failedToSpawn)
    })
    child.on('exit', (code, signal) => onGone(signal ?? `exit code ${code}`))
    const limit = setTimeout(() => settled.reject(this.#failure(`was not ready after ${READY_LIMIT_MS / 1000} s`)), READY_LIMIT_MS)
    try {
      await settled.promise
    } finally {
      clearTimeout(limit)
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

  #failure(what: string): Refusal {
    const tail = this.#tail.length === 0 ? '(it said nothing)' : this.#tail.map((line) => `    ${line}`).join('\n')
    return new Refusal(`${this.name} ${what}. Its last lines, of ${this.logFile}:\n${tail}`)
  }

  /** The log of the run before is kept once, as `.1`. */
  async #rotateLog(): Promise<void> {
    const size = await stat(this.logFile).then((found) => found.size, () => 0)
    if (size > 0) await rename(this.logFile, `${this.logFile}.1`)
  }
}
