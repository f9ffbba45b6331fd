import { watch } from '@driftless/vim25'
import type { Ref, UpdateBatch } from '@driftless/vim25'
import { sleep } from '../../../sleep.ts'
import type { VCenter } from '../connection/vcenter.ts'
import { VM_PROPERTIES, vmFacts } from './vm-facts.ts'
import type { VmFacts } from './vm-facts.ts'

const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 30_000

interface Entry {
  readonly ref: Ref
  readonly properties: Record<string, unknown>
  /** Made of the properties when somebody asks; null: vCenter does not tell enough. */
  facts: VmFacts | null | undefined
}

/** Every VM of a vCenter, kept as vCenter changes it: after the first list only what changed travels. */
export class Inventory {
  readonly #vcenter: VCenter
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  /** The list as it was last complete, and the one that is being filled: the same, but for the moments of a fresh list. */
  #entries = new Map<string, Entry>()
  #filling = new Map<string, Entry>()
  #failure: Error | null = null
  /** The first list is there, or cannot be had. */
  readonly #known = Promise.withResolvers<void>()
  #onChange: (vm: VmFacts) => void = () => {}

  constructor(vcenter: VCenter) {
    this.#vcenter = vcenter
    this.#running = this.#keepWatching(this.#stop.signal)
  }

  /** Called with every VM that is new or has changed. */
  onChange(listener: (vm: VmFacts) => void): void {
    this.#onChange = listener
  }

  /** All VMs, as vCenter last told. Waits for the first list; rejects with why there is none, or none of now. */
  async list(): Promise<VmFacts[]> {
    await this.#known.promise
    if (this.#failure !== null) throw this.#failure
    return [...this.#entries.values()].map(factsOf).filter((vm) => vm !== null)
  }

  /** The VM with this instance UUID, which it keeps wherever it runs; null when there is none. */
  async find(instanceUuid: string): Promise<VmFacts | null> {
    return (await this.list()).find((vm) => vm.instanceUuid === instanceUuid) ?? null
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The inventory is no longer watched.'))
    await this.#running
  }

  async #keepWatching(signal: AbortSignal): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    while (!signal.aborted) {
      try {
        const vim = await this.#vcenter.vim()
        for await (const batch of watch(vim, { type: 'VirtualMachine', properties: VM_PROPERTIES }, signal)) {
          this.#take(batch)
          retryMs = FIRST_RETRY_MS
        }
      } catch (error) {
        if (signal.aborted) return
        this.#fail(error)
        // What stands between us and vCenter is found out, and told, with an ordinary call.
        await this.#vcenter.use(() => Promise.reject(error)).catch(() => {})
        await sleep(retryMs, signal).catch(() => {})
        retryMs = Math.min(LONGEST_RETRY_MS, 2 * retryMs)
      }
    }
  }

  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error))
    this.#known.resolve()
  }

  #take({ fresh, complete, updates }: UpdateBatch): void {
    if (fresh) this.#filling = new Map()
    for (const { kind, ref, changed } of updates) {
      if (kind === 'LEAVE') {
        this.#filling.delete(ref.value)
        continue
      }
      const entry = { ref, properties: { ...this.#filling.get(ref.value)?.properties, ...changed }, facts: undefined }
      this.#filling.set(ref.value, entry)
      const facts = factsOf(entry)
      if (facts !== null) this.#onChange(facts)
    }
    if (!complete) return
    this.#entries = this.#filling
    this.#failure = null
    this.#known.resolve()
  }
}

function factsOf(entry: Entry): VmFacts | null {
  entry.facts ??= vmFacts(entry)
  return entry.facts
}
