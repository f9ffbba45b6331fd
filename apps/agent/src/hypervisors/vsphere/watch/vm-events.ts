import { z } from 'zod'
import { ask, isNotFound, reference } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import type { Notice } from '@driftless/agent-api'
import { sleep } from '../../../sleep.ts'
import { EVENT_TYPES, noticeOf, vmEvent } from './event-notices.ts'
import type { VmEvent } from './event-notices.ts'
import type { VCenter } from '../connection/vcenter.ts'

const EVERY_MS = 10_000
/** A page of reconfigurations is some 100 KB. */
const PAGE_EVENTS = 100
/** Of one reading; a vCenter after a night of balancing has more, which the next ones read. */
const MAX_PAGES = 20
/** A collector that went with its session is opened anew a little before what was read last: clocks and writers are not in step. */
const OVERLAP_MS = 60_000
/** Of one VM; more than this is not told either. */
const MAX_NOTICES = 20

const page = z.array(vmEvent).default([])

/**
 * Follows what happens to VMs: a collector on vCenter's events, which is read every ten seconds, one call for all VMs. It ends with its
 * session and is opened anew then; what it repeats is known by the events' keys.
 */
export class VmEvents {
  readonly #vcenter: Pick<VCenter, 'use'>
  readonly #notices = new Map<string, Notice[]>()
  /** When what was read lately happened, by its key. */
  readonly #read = new Map<number, number>()
  #collector: Ref | null = null
  #newestMs: number | null = null

  constructor(vcenter: Pick<VCenter, 'use'>) {
    this.#vcenter = vcenter
  }

  /** What happened to the VM (`vm-42`) since it is followed, oldest first. */
  of(vm: string): readonly Notice[] {
    return this.#notices.get(vm) ?? []
  }

  /** Reads on until the signal aborts; `vms` is asked each time whom to follow. What could not be read is read the next time, after `failed` was told. */
  async follow(vms: () => ReadonlySet<string>, failed: (error: unknown) => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.read(vms(), signal).catch((error: unknown) => signal.aborted || failed(error))
      await sleep(EVERY_MS, signal).catch(() => undefined)
    }
    await this.close()
  }

  /** Reads what has happened since the last time; the first time, within the last minute. Rejects with `VimError`. */
  async read(vms: ReadonlySet<string>, signal?: AbortSignal): Promise<void> {
    for (const vm of this.#notices.keys()) if (!vms.has(vm)) this.#notices.delete(vm)
    if (vms.size === 0) return this.close()
    await this.#vcenter.use(async (vim) => {
      try {
        await this.#readPages(vim, vms, signal)
      } catch (error) {
        if (!isNotFound(error)) throw error
        this.#collector = null
        await this.#readPages(vim, vms, signal)
      }
    })
  }

  /** Gives the collector back; who reads again begins anew. Never rejects. */
  async close(): Promise<void> {
    const collector = this.#collector
    this.#collector = null
    this.#newestMs = null
    this.#read.clear()
    if (collector !== null) await this.#vcenter.use((vim) => vim.call(collector, 'DestroyCollector')).catch(() => undefined)
  }

  async #readPages(vim: Vim, vms: ReadonlySet<string>, signal: AbortSignal | undefined): Promise<void> {
    const collector = (this.#collector ??= await this.#open(vim, signal))
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const events = await ask(vim, collector, 'ReadNextEvents', { maxCount: PAGE_EVENTS }, page, signal)
      if (events.length === 0) return
      for (const event of events) this.#take(event, vms)
      this.#forget()
    }
  }

  /** Opens a collector, which begins with its oldest event. */
  async #open(vim: Vim, signal: AbortSignal | undefined): Promise<Ref> {
    const { eventManager, rootFolder } = vim.content
    if (eventManager === undefined) throw new Error(`${vim.content.about.fullName} keeps no events. Connect the agent to the vCenter that manages this host.`)
    // The server's clock, not ours.
    this.#newestMs ??= (await ask(vim, { type: 'ServiceInstance', value: 'ServiceInstance' }, 'CurrentTime', {}, z.date(), signal)).getTime()
    const filter = { entity: { entity: rootFolder, recursion: 'all' }, time: { beginTime: new Date(this.#newestMs - OVERLAP_MS) }, eventTypeId: EVENT_TYPES, disableFullMessage: true }
    return ask(vim, eventManager, 'CreateCollectorForEvents', { filter }, reference, signal)
  }

  #take(event: VmEvent, vms: ReadonlySet<string>): void {
    const atMs = event.createdTime.getTime()
    const known = this.#read.has(event.key)
    this.#read.set(event.key, atMs)
    this.#newestMs = Math.max(this.#newestMs ?? 0, atMs)
    const vm = event.vm?.vm.value
    const notice = known || vm === undefined || !vms.has(vm) ? null : noticeOf(event)
    if (vm === undefined || notice === null) return
    this.#notices.set(vm, [...this.of(vm), notice].toSorted((a, b) => a.atMs - b.atMs).slice(-MAX_NOTICES))
  }

  /** Keys of what no new collector would repeat. */
  #forget(): void {
    const horizonMs = (this.#newestMs ?? 0) - OVERLAP_MS
    for (const [key, atMs] of this.#read) if (atMs < horizonMs) this.#read.delete(key)
  }
}
