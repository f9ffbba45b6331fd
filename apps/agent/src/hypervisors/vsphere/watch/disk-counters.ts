import { z } from 'zod'
import { ask, retrieveOne } from '@driftless/vim25'
import type { Ref, Vim, VimInput } from '@driftless/vim25'

/** What is asked of a virtual disk, by the names that are the same on every vCenter; their numbers are not. */
const NAMES = {
  /** KB a second. */
  kilobytes: 'virtualDisk.write.average',
  /** Writes a second. */
  writes: 'virtualDisk.numberWriteAveraged.average',
  /** Milliseconds a write. */
  latency: 'virtualDisk.totalWriteLatency.average',
} as const
export type DiskCounter = keyof typeof NAMES

/** The counters' numbers on one vCenter; one that it does not have is absent. */
export type CounterIds = ReadonlyMap<number, DiskCounter>

/** A host makes a sample in this time, and keeps an hour of them. */
const REALTIME_SECONDS = 20

const counters = z.array(z.object({ key: z.number(), nameInfo: z.object({ key: z.string() }), groupInfo: z.object({ key: z.string() }), rollupType: z.string() }))

const series = z.object({ id: z.object({ counterId: z.number(), instance: z.string() }), value: z.array(z.bigint()).default([]) })
const metric = z.object({ entity: z.object({ value: z.string() }), sampleInfo: z.array(z.object({ timestamp: z.date(), interval: z.number() })).default([]), value: z.array(series).default([]) })
export type VmMetric = z.infer<typeof metric>
const metrics = z.array(metric).default([])

/** Looks the counters' numbers up. Half a megabyte: ask once. Rejects with `VimError`. */
export async function resolveCounters(vim: Vim, signal?: AbortSignal): Promise<CounterIds> {
  const { properties } = await retrieveOne(vim, managerOf(vim), ['perfCounter'], signal)
  const named = new Map(counters.parse(properties.perfCounter).map(({ key, nameInfo, groupInfo, rollupType }) => [`${groupInfo.key}.${nameInfo.key}.${rollupType}`, key]))
  const wanted: readonly DiskCounter[] = ['kilobytes', 'writes', 'latency']
  return new Map(wanted.flatMap((counter) => {
    const key = named.get(NAMES[counter])
    return key === undefined ? [] : [[key, counter] as const]
  }))
}

/** What one VM is asked for: every disk's samples after an instant; without one, the newest. */
export const questionFor = (vm: Ref, counters: CounterIds, after: Date | undefined): VimInput => ({
  entity: vm, metricId: [...counters.keys()].map((counterId) => ({ counterId, instance: '*' })), intervalId: REALTIME_SECONDS, ...(after === undefined ? { maxSample: 1 } : { startTime: after }),
})

/** One call for many VMs; those that are off, or gone from their host, have no samples. Rejects with `VimError`. */
export const queryPerf = (vim: Vim, questions: readonly VimInput[], signal?: AbortSignal): Promise<VmMetric[]> => ask(vim, managerOf(vim), 'QueryPerf', { querySpec: questions }, metrics, signal)

function managerOf({ content }: Vim): Ref {
  if (content.perfManager === undefined) throw new Error(`${content.about.fullName} counts no performance.`)
  return content.perfManager
}
