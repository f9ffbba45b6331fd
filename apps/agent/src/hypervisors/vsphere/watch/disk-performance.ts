import { isFault } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import { z } from 'zod'
import { queryPerf, questionFor, resolveCounters } from './disk-counters.ts'
import type { CounterIds, VmMetric } from './disk-counters.ts'
import type { VCenter } from '../connection/vcenter.ts'

/** Of one call: vCenter asks the hosts for it, and refuses calls that are too large. */
const MAX_VMS = 50

/** A VM to ask for. `instances`: its disks, as `diskInstances` gives them. */
export interface MeasuredVm {
  readonly ref: Ref
  readonly instances: ReadonlyMap<string, number>
}

/** What a VM wrote to one disk in one interval of its host's. */
export interface DiskWrites {
  /** Such as `vm-42`. */
  readonly vm: string
  readonly deviceKey: number
  /** The end of the interval, by the server's clock. */
  readonly atMs: number
  readonly seconds: number
  readonly writtenBytes: number
  readonly writes: number
  /** Of a write, on average; null: nothing was written, or it was not measured. */
  readonly latencyMs: number | null
}

/** The rates at which VMs write, as their hosts count them: the one thing known of a disk between two rounds of changed blocks. */
export class DiskPerformance {
  readonly #vcenter: Pick<VCenter, 'use'>
  #counters: CounterIds | null = null
  /** By VM, the newest sample that was told: none is told twice, none is left out while the hosts keep it. */
  #newest = new Map<string, Date>()

  constructor(vcenter: Pick<VCenter, 'use'>) {
    this.#vcenter = vcenter
  }

  /** What the VMs wrote since they were last asked for, oldest first; the first time, the newest sample. Rejects with `VimError`. */
  read(vms: readonly MeasuredVm[], signal?: AbortSignal): Promise<DiskWrites[]> {
    const named = new Set(vms.map(({ ref }) => ref.value))
    for (const vm of this.#newest.keys()) if (!named.has(vm)) this.#newest.delete(vm)
    return this.#vcenter.use(async (vim) => {
      const writes: DiskWrites[] = []
      for (let at = 0; at < vms.length; at += MAX_VMS) writes.push(...(await this.#readSome(vim, vms.slice(at, at + MAX_VMS), signal)))
      return writes
    })
  }

  async #readSome(vim: Vim, vms: readonly MeasuredVm[], signal: AbortSignal | undefined): Promise<DiskWrites[]> {
    const counters = (this.#counters ??= await resolveCounters(vim, signal))
    if (counters.size === 0 || vms.length === 0) return []
    const known = new Map(vms.map((vm) => [vm.ref.value, vm]))
    try {
      const metrics = await queryPerf(vim, vms.map(({ ref }) => questionFor(ref, counters, this.#newest.get(ref.value))), signal)
      return metrics.flatMap((metric) => {
        const vm = known.get(metric.entity.value)
        return vm === undefined ? [] : this.#take(metric, vm, counters)
      })
    } catch (error) {
      // A server that was replaced or upgraded may number its counters anew.
      if (isFault(error, 'InvalidArgument')) this.#counters = null
      // One that was removed spoils the call for all.
      const gone = isFault(error, 'ManagedObjectNotFound') ? missing.safeParse(error.detail).data?.obj.value : undefined
      const rest = vms.filter(({ ref }) => ref.value !== gone)
      if (rest.length === vms.length) throw error
      return this.#readSome(vim, rest, signal)
    }
  }

  #take(metric: VmMetric, { ref, instances }: MeasuredVm, counters: CounterIds): DiskWrites[] {
    const told = this.#newest.get(ref.value)
    const writes = writesOf(metric, instances, counters).filter(({ atMs }) => told === undefined || atMs > told.getTime())
    const newest = Math.max(...metric.sampleInfo.map(({ timestamp }) => timestamp.getTime()), told?.getTime() ?? 0)
    if (newest > 0) this.#newest.set(ref.value, new Date(newest))
    return writes
  }
}

const missing = z.object({ obj: z.object({ value: z.string() }) })

/** A VM's samples, by disk: series that come apart are put together by instance and time. */
function writesOf({ entity, sampleInfo, value }: VmMetric, instances: ReadonlyMap<string, number>, counters: CounterIds): DiskWrites[] {
  return [...instances].flatMap(([instance, deviceKey]) => {
    const of = (counter: string) => value.find(({ id }) => id.instance === instance && counters.get(id.counterId) === counter)?.value ?? []
    const [kilobytes, writes, latencies] = [of('kilobytes'), of('writes'), of('latency')]
    return sampleInfo.flatMap(({ timestamp, interval }, at) => {
      const rate = measured(kilobytes[at])
      if (rate === null) return []
      const count = (measured(writes[at]) ?? 0) * interval
      const writtenBytes = rate * 1024 * interval
      return [{ vm: entity.value, deviceKey, atMs: timestamp.getTime(), seconds: interval, writtenBytes, writes: count, latencyMs: writtenBytes === 0 && count === 0 ? null : measured(latencies[at]) }]
    })
  }).toSorted((a, b) => a.atMs - b.atMs)
}

/** A host that could not measure says -1. */
const measured = (value: bigint | undefined): number | null => (value === undefined || value < 0n ? null : Number(value))
