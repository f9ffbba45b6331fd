import type { Logger } from 'pino'
import { GatewayRefusal } from '@driftless/agent-api'
import type { GatewayClient, Observation, Report, TelemetrySample } from '@driftless/agent-api'
import { sleep } from '../sleep.ts'
import { Backoff } from './backoff.ts'
import type { AgentRole } from './role.ts'

const ACTIVE_EVERY_MS = 1_000
const IDLE_EVERY_MS = 5_000
const INVENTORY_EVERY_MS = 30_000

/**
 * Changes in quick succession go into one report. Short, because a cutover reports several steps one after the other;
 * never shorter than the last report took, so that an agent with thousands of VMs spends half its time on it at most.
 */
const LEAST_BETWEEN_MS = 20

const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 3_000

/** A report under way when the agent stops is not waited for longer. */
const STOP_LIMIT_MS = 2_000

/** Samples that one report carries; the rest follows with the next. */
const MAX_SAMPLES_PER_REPORT = 5_000

export interface ReporterOptions {
  client: GatewayClient
  role: AgentRole
  version: string
  desiredVersion: () => string | null
  /** Gives undelivered samples back to the role's bounded store. */
  restoreSamples: (samples: TelemetrySample[]) => void
  /** Called once the gateway has it. */
  observationDelivered?: (observation: Observation) => void
  now: () => number
  log: Logger
}

/** Reports observed state: every second while migrations are under way, else every five, and soon after `notify`. */
export class Reporter {
  readonly #options: ReporterOptions
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #wake: () => void = () => {}
  #pending = false
  #inventorySeen = ''
  #inventoryAtMs = 0

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Something changed that the coordinator waits for: report now. */
  notify(): void {
    this.#pending = true
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('The agent is stopping.'))
    this.#wake()
    const enough = new AbortController()
    await Promise.race([this.#running, sleep(STOP_LIMIT_MS, enough.signal).catch(() => {})])
    enough.abort()
  }

  async #run(): Promise<void> {
    const { log } = this.#options
    const { signal } = this.#stop
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS)
    while (!signal.aborted) {
      try {
        this.#pending = false
        const startMs = this.#options.now()
        const active = await this.#reportOnce()
        backoff.reset()
        const everyMs = active ? ACTIVE_EVERY_MS : IDLE_EVERY_MS
        const leastMs = Math.min(Math.max(LEAST_BETWEEN_MS, this.#options.now() - startMs), everyMs)
        await sleep(leastMs, signal)
        await this.#waitForChange(everyMs - leastMs)
      } catch (error) {
        if (signal.aborted) return
        const waitMs = backoff.nextMs()
        log.warn({ reason: error instanceof Error ? error.message : String(error), ...(error instanceof GatewayRefusal ? { code: error.code } : {}), retryMs: Math.round(waitMs) }, 'the report could not be delivered')
        await sleep(waitMs, signal).catch(() => {})
      }
    }
  }

  /** Collects and sends one report; answers whether migrations are under way. */
  async #reportOnce(): Promise<boolean> {
    const { client, role, version, desiredVersion, restoreSamples, now } = this.#options
    const { active, samples, inventory, ...rest } = await role.report()
    const nowMs = now()
    const seen = JSON.stringify(inventory?.vms.map(({ ref, name, cpus, memoryBytes, network, guest, disks, placement, blockers, remarks }) => [ref, name, cpus, memoryBytes, network, guest.power, guest.health, placement, blockers, remarks, disks.map((disk) => [disk.key, disk.sizeBytes])]))
    const sendInventory = inventory !== null && (seen !== this.#inventorySeen || nowMs - this.#inventoryAtMs >= INVENTORY_EVERY_MS)
    const report: Omit<Report, 'protocol'> = {
      version,
      atMs: nowMs,
      desiredVersion: desiredVersion(),
      ...rest,
      inventory: sendInventory ? inventory : null,
      samples: samples.slice(0, MAX_SAMPLES_PER_REPORT),
    }
    if (samples.length > MAX_SAMPLES_PER_REPORT) restoreSamples(samples.slice(MAX_SAMPLES_PER_REPORT))
    try {
      await client.report(report)
    } catch (error) {
      restoreSamples(report.samples)
      throw error
    }
    if (report.observation) this.#options.observationDelivered?.(report.observation)
    if (sendInventory) {
      this.#inventorySeen = seen
      this.#inventoryAtMs = nowMs
    }
    return active
  }

  async #waitForChange(ms: number): Promise<void> {
    if (this.#pending || this.#stop.signal.aborted) return
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
    })
  }
}
