import { MIGRATION_ENDED, MINUTES_A_DAY } from '@driftless/domain'
import type { CutoverWindow, WaveInput } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { readCorrection } from './estimate-error.ts'
import { readMeasuredCutovers } from './measured-cutovers.ts'
import type { ObservationFacts, WorkingSetPoint } from './observation.ts'
import { readObservedVms } from './observed-vms.ts'
import type { VmSource } from './observed-vms.ts'
import { readSiteLink } from './site-link.ts'
import type { SiteLink } from './site-link.ts'
import { readTargetShare } from './target-share.ts'

/** What older observations say of the next days is less than what it costs to play them through. */
const OBSERVED_MS = 7 * 86_400_000
/** More other waves on one line at once are not worth telling apart. */
const MOST_OTHERS = 20
/** What was not seen by the minute has whole ones. */
const MINUTE_SECONDS = 60

export type WaveQuestion = {
  readonly siteId: string
  readonly vmIds: readonly string[]
  /** The wave that it is about, if there is one: it is not among the others on its line. */
  readonly waveId?: string
  /** Where it goes; left out: where the wave does, or any target that its customer may go to. */
  readonly targetSiteId?: string | null
  readonly capBytesPerSecond: number | null
  readonly throttleBytesPerSecond: number | null
  readonly parallelCutovers: number
  readonly startAt: Date
  /** What was seen in between counts. */
  readonly observedFrom?: Date
  readonly observedUntil?: Date
  /** As fine as that; left out: what a simulation distinguishes. */
  readonly mostIntervals?: number
  readonly window: CutoverWindow | null
  readonly windows: readonly CutoverWindow[]
}

/** All that a forecast is made of, and what people are told of where that comes from. */
export type WaveFacts = { readonly input: WaveInput; readonly link: SiteLink; readonly vms: readonly { readonly id: string; readonly name: string; readonly source: VmSource; readonly seen: ObservationFacts | null }[]; readonly workingSets: readonly WorkingSetPoint[]; /** How long an agent's minute is: 60 s, except where it was told otherwise. */ readonly minuteSeconds: number }

/** What a wave of these VMs would be simulated with. Null when the site, or any of the VMs there, is unknown. */
export async function readWaveFacts(tx: ScopedTx, question: WaveQuestion, now: Date): Promise<WaveFacts | null> {
  const { siteId, vmIds, startAt, window, windows, capBytesPerSecond, throttleBytesPerSecond, parallelCutovers } = question
  const until = question.observedUntil ?? now
  const link = await readSiteLink(tx, siteId, now)
  const seen = await readObservedVms(tx, siteId, vmIds, question.observedFrom ?? new Date(until.getTime() - OBSERVED_MS), until, question.mostIntervals)
  if (!link || seen === null) return null
  const waveId = question.waveId ?? null
  const targetBytesPerSecond = await readTargetShare(tx, { siteId, waveId, targetSiteId: question.targetSiteId ?? null }, now)
  const minuteSeconds = Math.max(0, ...seen.flatMap((vm) => vm.minuteSeconds ?? [])) || MINUTE_SECONDS
  return {
    link, vms: seen.map(({ vm, name, source, seen: facts }) => ({ id: vm.id, name, source, seen: facts })), workingSets: seen.flatMap(({ curve }) => curve), minuteSeconds,
    input: {
      vms: seen.map(({ vm }) => vm), link: link.line, capBytesPerSecond, throttleBytesPerSecond, startAtMs: startAt.getTime(), timeZone: link.timeZone, ...(minuteSeconds < MINUTE_SECONDS ? { daySeconds: MINUTES_A_DAY * minuteSeconds } : {}),
      // A wave's VMs are all copied at once.
      parallelCopies: Math.max(1, seen.length), parallelCutovers, othersWantBytesPerSecond: await readOthers(tx, siteId, waveId), ...(targetBytesPerSecond === null ? {} : { targetBytesPerSecond }),
      window, windows, measured: await readMeasuredCutovers(tx, siteId), correction: await readCorrection(tx, siteId),
    },
  }
}

/** Other waves that use the site's line now: those in their first copy take all they can get, at most their cap. */
async function readOthers(tx: ScopedTx, siteId: string, waveId: string | null): Promise<(number | null)[]> {
  const waves = await tx.db.wave.findMany({
    where: { siteId, paused: false, startedAt: { not: null }, ...(waveId === null ? {} : { id: { not: waveId } }), migrations: { some: { readyAt: null, startedAt: { not: null }, status: { notIn: [...MIGRATION_ENDED, 'BLOCKED'] } } } },
    orderBy: { startedAt: 'desc' }, take: MOST_OTHERS, select: { rateBytesPerSecond: true },
  })
  return waves.map(({ rateBytesPerSecond }) => (rateBytesPerSecond === null ? null : Number(rateBytesPerSecond)))
}
