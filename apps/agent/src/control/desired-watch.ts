import { join } from 'node:path'
import type { Logger } from 'pino'
import { GatewayRefusal, MAX_WAIT_SECONDS, desiredState } from '@driftless/agent-api'
import type { DesiredState, GatewayClient } from '@driftless/agent-api'
import { sleep } from '../sleep.ts'
import { readState, writeState } from '../state-file.ts'
import { Backoff } from './backoff.ts'

/** After a failed poll: a busy gateway must not be stormed by all its agents at once. */
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 3_000

/** A gateway that answers without waiting is not asked more often than this; a cutover's stages follow one another closely. */
const LEAST_BETWEEN_POLLS_MS = 20

export interface DesiredWatchOptions {
  client: GatewayClient
  dataDirectory: string
  apply: (desired: DesiredState) => void
  log: Logger
}

/**
 * Keeps asking what should be. The last answer is stored, so an agent that starts while the gateway
 * is away carries on with it. An unchanged state is waited for, not repeated.
 */
export class DesiredWatch {
  readonly #options: DesiredWatchOptions
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #version: string | null = null

  constructor(options: DesiredWatchOptions) {
    this.#options = options
  }

  /** Version of the state applied last; null before the first. */
  get version(): string | null {
    return this.#version
  }

  /** Applies the stored state, then watches. */
  async start(): Promise<void> {
    const stored = await readState(this.#path(), desiredState).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'the stored desired state is unreadable; asking the gateway')
      return null
    })
    if (stored !== null) this.#apply(stored)
    this.#running = this.#watch()
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('The agent is stopping.'))
    await this.#running
  }

  async #watch(): Promise<void> {
    const { client, log } = this.#options
    const { signal } = this.#stop
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS)
    const stopped = aborted(signal)
    let asked: string | null = null
    while (!signal.aborted) {
      try {
        const poll = client.desired({ haveVersion: asked, waitSeconds: MAX_WAIT_SECONDS })
        const desired = await Promise.race([poll, stopped])
        backoff.reset()
        if (desired.version !== asked) {
          asked = desired.version
          await writeState(this.#path(), desired)
          this.#apply(desired)
        }
        await sleep(LEAST_BETWEEN_POLLS_MS, signal)
      } catch (error) {
        if (signal.aborted) return
        const waitMs = backoff.nextMs()
        const refused = error instanceof GatewayRefusal
        log.warn({ reason: error instanceof Error ? error.message : String(error), ...(refused ? { code: error.code } : {}), retryMs: Math.round(waitMs) }, 'the gateway cannot be asked; carrying on with the last desired state')
        await sleep(waitMs, signal).catch(() => {})
      }
    }
  }

  #apply(desired: DesiredState): void {
    this.#version = desired.version
    this.#options.apply(desired)
  }

  #path(): string {
    return join(this.#options.dataDirectory, 'desired.json')
  }
}

/** Rejects with the signal's reason once it aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  promise.catch(() => {}) // whoever races with it hears of it; nobody may at the time
  return promise
}
