import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { LinkProbe, Observation, ObservedMinute, VmContent } from '@driftless/agent-api'
import { Compression } from '../stream/compression.ts'
import { stateNameOf } from '../tap/vm-tap.ts'
import type { VmTap } from '../tap/vm-tap.ts'
import { ContentSampler } from './content-sampler.ts'
import { MinuteOutbox } from './minute-outbox.ts'
import { VmObserver } from './vm-observer.ts'

/** A minute's turn comes this late at most, in parts of a minute. */
const LOOKS_A_MINUTE = 60
const LEAST_LOOK_MS = 50

export interface ObserverOptions {
  readonly dataDirectory: string
  /** How long a minute is. */
  readonly minuteMs: number
  readonly now: () => number
  readonly log: Logger
}

/** What the observer is told at each look. */
export interface Observed {
  readonly taps: ReadonlyMap<string, VmTap>
  /** The VMs to observe; null: not known yet, so those that are observed go on. */
  readonly refs: ReadonlySet<string> | null
  /** What of a VM's disks is allocated, as its hypervisor says. */
  readonly allocatedBytes: (ref: string) => number
}

/** Observes the VMs that somebody wants an estimate of; see `map.ts`. Whatever goes wrong with it never concerns a migration. */
export class Observer {
  readonly #options: ObserverOptions
  readonly #directory: string
  readonly #vms = new Map<string, VmObserver>()
  readonly #samplers = new Map<string, ContentSampler>()
  readonly #compression = new Compression()
  /** The latest of each VM that the gateway does not have yet. */
  readonly #contents = new Map<string, VmContent>()
  readonly #complaints = new Map<string, string>()
  #outbox: MinuteOutbox | null = null
  #tidy = false
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null

  constructor(options: ObserverOptions) {
    this.#options = options
    this.#directory = join(options.dataDirectory, 'observer')
  }

  /** `see` is asked what is there at each look. */
  async start(see: () => Observed): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    this.#outbox = await MinuteOutbox.open(join(this.#directory, 'minutes.jsonl'))
    this.#timer = setInterval(() => void this.#look(see()), Math.max(LEAST_LOOK_MS, this.#options.minuteMs / LOOKS_A_MINUTE))
  }

  /** What the gateway should be told, with the line's `probes`; it stays until it is `delivered`. Null: nothing. */
  report(probes: readonly LinkProbe[] = []): Observation | null {
    const minutes = this.#outbox?.peek() ?? []
    const contents = [...this.#contents.values()]
    return minutes.length + contents.length + probes.length === 0 ? null : { minutes: [...minutes], contents, probes: [...probes] }
  }

  delivered({ minutes, contents }: Observation): void {
    for (const content of contents) if (this.#contents.get(content.vmRef) === content) this.#contents.delete(content.vmRef)
    if (minutes.length > 0) this.#outbox?.delivered(minutes).catch((error: unknown) => this.#complain('minutes', error))
  }

  /** Before the taps close. What is known is saved. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#looking
    for (const vm of this.#vms.values()) await vm.close().catch((error: unknown) => this.#complain(vm.tap.ref, error))
    await this.#outbox?.close()
  }

  /** One at a time: while files are slow, minutes wait, and their counts with them. */
  #look(seen: Observed): Promise<void> {
    this.#looking ??= this.#lookOnce(seen).finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  async #lookOnce(seen: Observed): Promise<void> {
    // First the turns, all at once and on time; then whatever waits for a disk.
    const turned: { vm: VmObserver; minute: ObservedMinute }[] = []
    for (const vm of this.#vms.values()) {
      const minute = vm.turn()
      if (minute !== null) turned.push({ vm, minute })
    }
    try {
      await this.#outbox?.add(turned.map(({ minute }) => minute))
    } catch (error) {
      this.#complain('minutes', error)
    }
    for (const { vm } of turned) await this.#attempt(vm.tap.ref, () => vm.save())
    await this.#match(seen)
    for (const { vm } of turned) if (this.#vms.get(vm.tap.ref) === vm) await this.#attempt(vm.tap.ref, () => this.#sample(vm.tap, seen.allocatedBytes(vm.tap.ref)))
  }

  /** Starts and ends observations. A VM whose tap is gone or another one goes on when it is there. */
  async #match({ taps, refs }: Observed): Promise<void> {
    for (const [ref, vm] of this.#vms) {
      const unwanted = refs !== null && !refs.has(ref)
      if (!unwanted && taps.get(ref) === vm.tap) continue
      this.#vms.delete(ref)
      await this.#attempt(ref, () => (unwanted ? vm.forget() : vm.close()))
      if (unwanted) this.#samplers.delete(ref)
    }
    if (refs !== null && !this.#tidy) await this.#attempt('observer', () => this.#removeOthers(refs))
    for (const ref of refs ?? []) {
      const tap = taps.get(ref)
      if (tap !== undefined && !this.#vms.has(ref)) await this.#attempt(ref, () => this.#begin(tap))
    }
  }

  /** What earlier runs kept of VMs that nobody observes any more. */
  async #removeOthers(refs: ReadonlySet<string>): Promise<void> {
    const wanted = new Set([...refs].map((ref) => this.#folderOf(ref)))
    for (const entry of await readdir(this.#directory, { withFileTypes: true })) {
      const path = join(this.#directory, entry.name)
      if (entry.isDirectory() && !wanted.has(path)) await rm(path, { recursive: true, force: true })
    }
    this.#tidy = true
  }

  /** References come from a hypervisor and may hold anything. */
  #folderOf(ref: string): string {
    return join(this.#directory, stateNameOf(ref, ''))
  }

  async #begin(tap: VmTap): Promise<void> {
    const { minuteMs: lengthMs, now, log } = this.#options
    const takenBytes = [...this.#vms.values()].reduce((sum, vm) => sum + vm.stampBytes, 0)
    const { observer, unfinished } = await VmObserver.open({ tap, directory: this.#folderOf(tap.ref), lengthMs, takenBytes, now })
    this.#vms.set(tap.ref, observer)
    if (unfinished !== null) await this.#outbox?.add([unfinished])
    await observer.save()
    log.info({ vmRef: tap.ref, stampBytes: observer.stampBytes }, 'a VM is observed')
  }

  async #sample(tap: VmTap, allocatedBytes: number): Promise<void> {
    const sampler = this.#samplers.get(tap.ref) ?? (await ContentSampler.open(join(this.#folderOf(tap.ref), 'content.json'), this.#compression))
    this.#samplers.set(tap.ref, sampler)
    const content = await sampler.sample(tap, allocatedBytes, this.#options.now())
    if (content !== null) this.#contents.set(tap.ref, content)
  }

  async #attempt(about: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#complaints.delete(about)
    } catch (error) {
      this.#complain(about, error)
    }
  }

  /** Logs a lasting trouble once. */
  #complain(about: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (this.#complaints.get(about) === message) return
    this.#complaints.set(about, message)
    this.#options.log.warn({ about, reason: message }, 'an observation is held up; trying again')
  }
}
