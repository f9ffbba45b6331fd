/**
 * Starts the programs of one Driftless, keeps them running, and stops them all.
 *
 * Each program leads a process group of its own, so that what it started goes with it, and holds the
 * end of a pipe on stdin: should this process die without a word, the pipe closes and the program ends.
 */
import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from './setup/failure.ts'
import { Program } from './supervisor/program.ts'
import type { ProgramSpec } from './supervisor/program.ts'

export type { ProgramSpec } from './supervisor/program.ts'

/** Waits before a program that died is started again: at once nearly, then slower, since it may be sick. */
const RESTART_BACKOFF_MS = [300, 1_000, 3_000, 10_000] as const
/** A program that ran this long was well; its next death counts as the first. */
const WELL_AFTER_MS = 60_000

type Supervised = {
  program: Program
  /** Whether it ought to run; false while it is stopped or killed on purpose. */
  wanted: boolean
  deaths: number
}

export class Supervisor {
  readonly #programs = new Map<string, Supervised>()
  readonly #logFolder: string
  readonly #say: (line: string) => void
  #stopping: Promise<void> | undefined

  /** `say` gets one line for each unexpected death and return. */
  constructor(logFolder: string, say: (line: string) => void) {
    this.#logFolder = logFolder
    this.#say = say
  }

  /** Starts a program and waits until it is ready; throws with the end of its log when it is not in time. */
  async start(spec: ProgramSpec): Promise<void> {
    if (this.#stopping !== undefined) throw new Refusal('Driftless is stopping.')
    if (this.#programs.has(spec.name)) throw new Error(`Program ${spec.name} was started already.`)
    await mkdir(this.#logFolder, { recursive: true })
    const supervised: Supervised = { program: new Program(spec, this.#logFolder), wanted: true, deaths: 0 }
    this.#programs.set(spec.name, supervised)
    await this.#bringUp(supervised)
  }

  /** Ends a program with SIGKILL, as a power cut would. It stays down until `restart`. */
  async kill(name: string): Promise<void> {
    const supervised = this.#find(name)
    supervised.wanted = false
    await supervised.program.kill()
  }

  /** Starts a program that was killed, or stops one in order and starts it; waits until it is ready. */
  async restart(name: string): Promise<void> {
    const supervised = this.#find(name)
    supervised.wanted = false
    await supervised.program.stop()
    supervised.wanted = true
    await this.#bringUp(supervised)
  }

  isRunning(name: string): boolean {
    return this.#find(name).program.isRunning
  }

  /** Process id of a running program. */
  processId(name: string): number | undefined {
    return this.#find(name).program.processId
  }

  /** Stops all in reverse order of their start. Calling it again waits for the same stop. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  /** Ends everything at once. */
  async killAll(): Promise<void> {
    for (const supervised of this.#programs.values()) supervised.wanted = false
    await Promise.all([...this.#programs.values()].map(({ program }) => program.kill()))
  }

  #find(name: string): Supervised {
    const supervised = this.#programs.get(name)
    if (supervised === undefined) throw new Error(`No program ${name}; there are ${[...this.#programs.keys()].join(', ')}.`)
    return supervised
  }

  async #stopAll(): Promise<void> {
    const all = [...this.#programs.values()].toReversed()
    for (const supervised of all) supervised.wanted = false
    for (const { program } of all) await program.stop()
  }

  async #bringUp(supervised: Supervised): Promise<void> {
    const startedAtMs = Date.now()
    await supervised.program.start((how) => {
      if (!supervised.wanted) return
      if (Date.now() - startedAtMs > WELL_AFTER_MS) supervised.deaths = 0
      void this.#revive(supervised, how)
    })
  }

  async #revive(supervised: Supervised, how: string): Promise<void> {
    const { program } = supervised
    const waitMs = RESTART_BACKOFF_MS[Math.min(supervised.deaths, RESTART_BACKOFF_MS.length - 1)] ?? 0
    supervised.deaths += 1
    this.#say(`${program.name} ended unexpectedly (${how}); starting it again in ${waitMs / 1000} s. Its log: ${program.logFile}`)
    await sleep(waitMs)
    if (!supervised.wanted || program.isRunning) return
    try {
      await this.#bringUp(supervised)
      this.#say(`${program.name} runs again.`)
    } catch (error) {
      // Still running but never ready: end it; its death brings us here again, slower.
      if (program.isRunning) await program.kill()
      else if (supervised.wanted) void this.#revive(supervised, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error))
    }
  }
}
