import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { DesiredSource, DesiredState, DesiredTarget, SourceObserved, TargetObserved } from '@driftless/agent-api'
import type { Credentials } from '../../../apps/agent/src/stream/identity.ts'
import { desiredTarget } from '../../../apps/agent/src/testing/pair.ts'
import { DISK, MIGRATION_ID, VM_REF, told } from './messages.ts'
import type { FaultRates, Order, SideSettings } from './messages.ts'

const SIDE = join(import.meta.dirname, 'side.ts')

/** A side that does not answer by then is stuck, which no fault may do to it. */
const ANSWER_MS = 20_000

const load = (): ChildProcess => fork(SIDE, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })

/** One side of the run, killed and started at will. Keeps what it should be doing over its deaths, as the gateway does. */
class Side {
  readonly #settings: SideSettings
  #child: ChildProcess | null = null
  /** Its next life, loaded and waiting. */
  #next: ChildProcess
  #desired: DesiredState | null = null
  #lies = 0
  streamPort: number
  kills = 0

  constructor(settings: SideSettings) {
    this.#settings = settings
    this.#next = load()
    this.streamPort = settings.streamPort
  }

  async start(): Promise<void> {
    // Another seed each life: the same faults would meet the same writes.
    const settings = { ...this.#settings, streamPort: this.streamPort, seed: this.#settings.seed + this.kills * 1000 }
    const child = this.#next
    this.#next = load()
    this.#child = child
    this.#tell({ kind: 'start', settings })
    const ready = await this.#hear(child, 'ready')
    this.streamPort = ready.streamPort
    if (this.#desired !== null) this.#tell({ kind: 'apply', desired: this.#desired })
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    await this.kill()
    this.#next.kill('SIGKILL')
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null) return
    this.kills += 1
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  apply(desired: DesiredState): void {
    this.#desired = desired
    this.#tell({ kind: 'apply', desired })
  }

  setFaults(faults: FaultRates): void {
    this.#settings.faults = faults
    this.#tell({ kind: 'faults', faults })
  }

  async report(): Promise<{ source: SourceObserved | null; target: TargetObserved | null }> {
    const child = this.#child
    if (child === null) return { source: null, target: null }
    this.#tell({ kind: 'report' })
    const report = await this.#hear(child, 'report')
    this.#lies = report.lies
    return report
  }

  /** Writes that its disks lied about since it was last started, as last reported. */
  get lies(): number {
    return this.#lies
  }

  #tell(order: Order): void {
    this.#child?.send(order)
  }

  #hear<K extends 'ready' | 'report'>(child: ChildProcess, kind: K) {
    return new Promise<Extract<ReturnType<typeof told.parse>, { kind: K }>>((resolve, reject) => {
      const done = (act: () => void) => {
        clearTimeout(timer)
        child.off('message', hear).off('exit', died)
        act()
      }
      const isKind = (message: ReturnType<typeof told.parse>): message is Extract<ReturnType<typeof told.parse>, { kind: K }> => message.kind === kind
      const hear = (raw: unknown) => {
        const message = told.parse(raw)
        if (isKind(message)) done(() => resolve(message))
      }
      const died = (code: number | null) => done(() => reject(new Error(`The ${this.#settings.side} ended by itself (code ${code}).`)))
      const timer = setTimeout(() => done(() => reject(new Error(`The ${this.#settings.side} did not answer "${kind}" within ${ANSWER_MS / 1000} s.`))), ANSWER_MS)
      child.on('message', hear).on('exit', died)
    })
  }
}

/** A source and a target as processes, and what a coordinator would want of them. */
export function makePair(options: { folder: string; seed: number; source: Credentials; target: Credentials; sourceFaults: FaultRates; targetFaults: FaultRates; relayPort: () => number }) {
  const { folder, seed } = options
  // Every other seed as over a long way: the same faults meet several connections that carry one stream.
  const lanes = seed % 2 === 0 ? { lanesFromMs: 0 } : {}
  const source = new Side({ side: 'source', folder, credentials: options.source, streamPort: 0, seed, faults: options.sourceFaults, ...lanes })
  const target = new Side({ side: 'target', folder, credentials: options.target, streamPort: 0, seed: seed + 500, faults: options.targetFaults })
  let version = 0
  let sourceStage: DesiredSource['stage'] = 'REPLICATE'
  let targetStage: DesiredTarget['stage'] = 'RECEIVE'
  let attempt = 0

  function drive(): void {
    version += 1
    const none: DesiredState = { version: String(version), sources: [], targets: [], siteRateBytesPerSecond: null, observeVmRefs: [] }
    const wanted: DesiredSource = {
      migrationId: MIGRATION_ID, waveId: 'w-1', vmRef: VM_REF, stage: sourceStage, attempt,
      target: { agentId: options.target.agentId, host: '127.0.0.1', port: options.relayPort() },
      disks: [DISK], rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 30,
    }
    source.apply({ ...none, sources: [wanted] })
    target.apply({ ...none, targets: [desiredTarget(MIGRATION_ID, [DISK], { stage: targetStage, attempt, sourceAgentId: options.source.agentId })] })
  }

  return {
    source,
    target,
    start: async () => {
      await target.start()
      await source.start()
      drive()
    },
    replicate: () => {
      ;[sourceStage, targetStage] = ['REPLICATE', 'RECEIVE']
      drive()
    },
    final: (nextAttempt: number) => {
      ;[sourceStage, targetStage, attempt] = ['FINAL', 'RECEIVE', nextAttempt]
      drive()
    },
    verify: () => {
      targetStage = 'VERIFY'
      drive()
    },
    /** The attempt failed: the source is on again, the replica kept. */
    rollBack: () => {
      ;[sourceStage, targetStage] = ['RETURN', 'KEEP']
      drive()
    },
    observe: async () => ({ source: (await source.report()).source, target: (await target.report()).target }),
    close: async () => {
      await source.close()
      await target.close()
    },
  }
}
export type Pair = ReturnType<typeof makePair>
