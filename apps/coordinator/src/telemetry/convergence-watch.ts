import type { TelemetrySample } from '@driftless/agent-api'
import { CONVERGENCE_WINDOW_SECONDS, convergence } from '@driftless/domain'

/** What is remembered of one migration. */
type Watched = { samples: TelemetrySample[]; diverges: boolean; throttleBytesPerSecond: number }

/** A window's worth, at the agents' two seconds a sample and twice over. */
const MOST_SAMPLES = 30
/** People read the throttle that would help: one that has moved by this much is worth telling. */
const WORTH_TELLING = 0.2
/** Those heard of longest ago are forgotten first: the sweep looks at every migration anyway. */
const MOST_MIGRATIONS = 20_000

/**
 * Follows the samples as they come in, so that a link that cannot keep up is said within seconds instead of with the next
 * sweep. Only a reason to look: the verdict that counts is made from the stored samples, whoever took them in.
 */
export function createConvergenceWatch() {
  const watched = new Map<string, Watched>()
  return {
    /** Takes in an agent's samples; answers the migrations whose verdict has changed, or whose throttle has moved. */
    news: (samples: readonly TelemetrySample[]): string[] => {
      const concerned = Map.groupBy(samples.filter(({ migrationId }) => migrationId !== null), ({ migrationId }) => migrationId ?? '')
      return [...concerned].flatMap(([migrationId, fresh]) => {
        const before = watched.get(migrationId) ?? { samples: [], diverges: false, throttleBytesPerSecond: 0 }
        const newestMs = Math.max(...fresh.map(({ atMs }) => atMs))
        const kept = [...before.samples, ...fresh].filter(({ atMs }) => newestMs - atMs <= CONVERGENCE_WINDOW_SECONDS * 1000)
          .toSorted((one, other) => one.atMs - other.atMs).slice(-MOST_SAMPLES)
        const verdict = convergence(kept, before.diverges)
        const diverges = verdict?.converges === false
        const throttle = diverges ? verdict.throttleBytesPerSecond : 0
        const told = diverges === before.diverges && Math.abs(throttle - before.throttleBytesPerSecond) <= WORTH_TELLING * before.throttleBytesPerSecond
        watched.delete(migrationId)
        watched.set(migrationId, { samples: kept, diverges, throttleBytesPerSecond: told ? before.throttleBytesPerSecond : throttle })
        for (const [oldest] of watched) {
          if (watched.size <= MOST_MIGRATIONS) break
          watched.delete(oldest)
        }
        return told ? [] : [migrationId]
      })
    },
  }
}
export type ConvergenceWatch = ReturnType<typeof createConvergenceWatch>
