import { OBSERVATION_SOURCES, WORKING_SET_MINUTES } from '@driftless/domain'
import { z } from 'zod'
import { bytes, id, instantMs, rate, streamKey } from './shapes.ts'

export const observationSource = z.enum(OBSERVATION_SOURCES)

/** A span is known while at most this part of it was not seen: clocks tick late, and an agent is restarted in seconds. */
export const UNSEEN_SHARE = 0.01

/** Longest that an agent keeps minutes for a coordinator that is away; older ones give way. */
export const KEPT_MINUTES = 2_880

/** Of all its VMs together one report carries so many, oldest first; the rest follows with the next. */
export const MOST_MINUTES_A_REPORT = 5_000

/**
 * One VM in one minute. Unique bytes are whole blocks of 4 KiB, the unit that replication sends changed data in. Where `blocksPerStamp` is
 * above 1, one block in that many was watched, chosen by its number's hash, and the curve is scaled up from these: with N blocks
 * truly written it errs by about √(blocksPerStamp ÷ N).
 */
export const observedMinute = z.object({
  vmRef: id,
  /** Its start: a whole multiple of `lengthSeconds` since 1970. */
  minuteMs: instantMs,
  /** 60; shorter only where an agent was told to have shorter ones, for a demonstration or a test. All spans are in these minutes. */
  lengthSeconds: z.number().positive().max(60),
  /** How much of it was seen: less when the agent was away in it. A minute is told once it is over. */
  coveredSeconds: z.number().nonnegative().max(60),
  source: observationSource,
  writtenBytes: bytes,
  /** Over the spans of `WORKING_SET_MINUTES` that end with this minute; null: not observed for as long, or not without a gap. */
  uniqueBytes: z.array(bytes.nullable()).length(WORKING_SET_MINUTES.length),
  blocksPerStamp: z.number().int().positive(),
  /** 99th percentile of the guest's write latency; null when it wrote nothing, or nobody can tell. */
  latencyMs: z.number().nonnegative().nullable(),
})
export type ObservedMinute = z.infer<typeof observedMinute>

/** What a VM's disks hold, by reading blocks of them at random: what a first copy will have to send. */
export const vmContent = z.object({
  vmRef: id,
  measuredAtMs: instantMs,
  sizeBytes: bytes,
  /** What the hypervisor or the file system says is allocated. */
  allocatedBytes: bytes,
  /** Blocks read of what is allocated, and how large one is. */
  sampledBlocks: z.number().int().nonnegative(),
  sampledBlockBytes: bytes,
  /** Share of them that held nothing but zeroes; null before the first. */
  zeroShare: z.number().min(0).max(1).nullable(),
  /** What the others take on the wire after the stream's own compression, as a share of their size; null before the first. */
  compressedShare: z.number().min(0).max(1).nullable(),
})
export type VmContent = z.infer<typeof vmContent>

/**
 * The way between two agents is probed while VMs are observed and nothing replicates. The source is told where to, the target (`stream` null)
 * by whom it may be probed; both are given the same key, which is good for probes alone.
 */
export const desiredProbe = z.object({ agentId: id, key: streamKey, stream: z.object({ host: z.string(), port: z.number().int().min(1).max(65_535) }).nullable() })
export type DesiredProbe = z.infer<typeof desiredProbe>

/** One short probe of the way to a target agent. */
export const linkProbe = z.object({
  targetAgentId: id,
  atMs: instantMs,
  probedBytes: bytes,
  seconds: z.number().positive(),
  bytesPerSecond: rate,
  roundTripMs: z.number().nonnegative(),
})
export type LinkProbe = z.infer<typeof linkProbe>

/** What a source agent adds to its report about the VMs that are observed; it keeps all of it until a report was answered. */
export const observation = z.object({
  minutes: z.array(observedMinute).max(MOST_MINUTES_A_REPORT),
  contents: z.array(vmContent).max(5_000),
  probes: z.array(linkProbe).max(1_000),
})
export type Observation = z.infer<typeof observation>
