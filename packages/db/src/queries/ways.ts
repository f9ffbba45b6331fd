import { DEVICE_BYTES_PER_SECOND, planWays, plannerVm, waysByLine } from '@driftless/domain'
import type { PlannerInput, WayPlan } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { readObservedVms } from './observed-vms.ts'
import { readSiteLink } from './site-link.ts'
import type { SiteLink } from './site-link.ts'
import { readUsualLine } from './usual-line.ts'

/** Of the last week, as estimates have it; older machines were others. */
const OBSERVED_MS = 7 * 86_400_000
/** For the picture: this many lines, each step the same factor, so wide that the present one and the break-even stand well inside. */
const CURVE_POINTS = 61
const CURVE_MARGIN = 5

export type Ways = WayPlan & {
  readonly link: SiteLink
  readonly shippingDays: number
  readonly names: Readonly<Record<string, { readonly name: string; readonly usedBytes: number }>>
  /** All by wire and all by disk on other lines. */
  readonly byLine: ReturnType<typeof waysByLine>
  /** VMs for which a working-set curve was observed; the others are assumed to write new places for ever. */
  readonly observed: number
}

/**
 * Wire or lorry for these VMs, from what was observed of them and of their site's line; `rateBytesPerSecond` caps the line, and so does what the target's end takes in; `deviceBytes`
 * is what devices hold (null: enough). Null when the site, or any of the VMs there, is unknown.
 */
export async function readWays(tx: ScopedTx, asked: { readonly siteId: string; readonly vmIds: readonly string[]; readonly rateBytesPerSecond: number | null; readonly shippingDays: number; readonly deviceBytes: number | null }, now: Date): Promise<Ways | null> {
  const link = await readSiteLink(tx, asked.siteId, now)
  const seen = await readObservedVms(tx, asked.siteId, asked.vmIds, new Date(now.getTime() - OBSERVED_MS), now)
  if (!link || seen === null) return null
  const vms = seen.toSorted((one, other) => one.name.localeCompare(other.name))
  const line = await readUsualLine(tx, link, { siteId: asked.siteId, waveId: null, targetSiteId: null, rateBytesPerSecond: asked.rateBytesPerSecond }, now)
  const input: PlannerInput = { vms: vms.map(({ vm }) => plannerVm(vm)), line, shippingDays: asked.shippingDays, exportBytesPerSecond: DEVICE_BYTES_PER_SECOND, importBytesPerSecond: DEVICE_BYTES_PER_SECOND, deviceBytes: asked.deviceBytes }
  const plan = planWays(input)
  return {
    ...plan, link: { ...link, ...line }, shippingDays: asked.shippingDays, observed: vms.filter(({ curve }) => curve.length > 0).length, byLine: waysByLine(input, linesAround(line.p50BytesPerSecond, plan.breakEvenBytesPerSecond ?? line.p50BytesPerSecond)),
    names: Object.fromEntries(vms.map(({ name, vm }) => [vm.id, { name, usedBytes: vm.usedBytes }])),
  }
}

/** Lines for the picture, slowest first. */
function linesAround(present: number, breakEven: number): number[] {
  const slowest = Math.min(present, breakEven) / CURVE_MARGIN
  const span = (Math.max(present, breakEven) * CURVE_MARGIN) / slowest
  return Array.from({ length: CURVE_POINTS }, (_, index) => slowest * span ** (index / (CURVE_POINTS - 1)))
}
