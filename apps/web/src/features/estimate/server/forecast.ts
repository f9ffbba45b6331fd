import type { ChurnPoint, EstimateReading, SiteLink } from '@driftless/db'
import { estimate, fasterWay, quantile } from '@driftless/domain'

/** Seconds in a day, for shipping times. */
const DAY_SECONDS = 86_400

/**
 * What follows from an observation: each VM's churn and cutover, the whole's churn over time, and the estimate with its
 * range, next to shipping. VMs that no agent has measured yet count without churn and are named.
 */
export function forecast(vms: EstimateReading['vms'], churn: readonly ChurnPoint[], link: SiteLink, shippingDays: number) {
  const byVm = Map.groupBy(churn, (point) => point.vmId)
  const rows = vms.map((vm) => {
    const points = byVm.get(vm.id) ?? []
    const churnRates = points.map((point) => point.bytesPerSecond)
    const alone = estimate([{ ...vm, churnRates }], link)
    return {
      ...vm, churnRates,
      churnP50: quantile(churnRates, 0.5), churnP90: quantile(churnRates, 0.9),
      cutoverSeconds: alone.cutoverSeconds, replicationSeconds: alone.replicationSeconds,
      observedSeconds: sum(points.map((point) => point.seconds)), samples: sum(points.map((point) => point.samples)),
    }
  })
  const total = estimate(rows, link)
  const observed = rows.filter((row) => row.samples > 0)
  return {
    vms: rows.map(({ churnRates: _rates, ...row }) => row),
    total,
    observedSeconds: Math.max(0, ...observed.map((row) => row.observedSeconds)),
    samples: sum(rows.map((row) => row.samples)),
    unobserved: rows.filter((row) => row.samples === 0).map((row) => row.name),
    faster: fasterWay(total.replicationSeconds.p90, shippingDays),
    shippingSeconds: shippingDays * DAY_SECONDS,
    points: [...Map.groupBy(churn, (point) => point.at.getTime())].map(([atMs, points]) => ({ atMs, bytesPerSecond: sum(points.map((point) => point.bytesPerSecond)) })),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
