import type { SourceObserved, TargetObserved } from '@driftless/agent-api'
import { CAUGHT_UP_BYTES } from '@driftless/domain'

/** Remembered states; beyond it the oldest is forgotten and wakes its migration once more, which is harmless. */
const MOST_REMEMBERED = 50_000

/**
 * Remembers of each migration what decisions depend on, so that the many reports that only move counters wake nobody.
 * `changed` answers whether this is news; `forget` makes the next report news again.
 */
export function createDecisive() {
  const last = new Map<string, string>()
  return {
    changed: (key: string, text: string): boolean => {
      if (last.get(key) === text) return false
      last.delete(key)
      last.set(key, text)
      if (last.size > MOST_REMEMBERED) for (const oldest of last.keys()) { last.delete(oldest); break }
      return true
    },
    forget: (key: string): void => void last.delete(key),
  }
}
export type Decisive = ReturnType<typeof createDecisive>

/** What `nextStep` looks at in a source's report; counters only as far as they cross a line. */
export function decisiveOfSource(observed: SourceObserved): string {
  const left = (read: (disk: SourceObserved['disks'][number]) => number) => observed.disks.reduce((sum, disk) => sum + read(disk), 0)
  return JSON.stringify([
    observed.stage, observed.attempt, observed.connected, observed.problem, observed.guest.power,
    left((disk) => disk.backgroundTotalBytes - disk.backgroundDoneBytes) > 0, left((disk) => disk.foregroundLeftBytes) > CAUGHT_UP_BYTES,
    observed.disks.map((disk) => [disk.key, ['RESYNC', 'INITIATING', 'STOPPED'].includes(disk.status) ? disk.status : '']),
    observed.sourceOffAtMs, observed.finalSyncAtMs, observed.hashes,
  ])
}

/** The same for a target's report. */
export function decisiveOfTarget(observed: TargetObserved): string {
  const { shadow } = observed
  return JSON.stringify([
    observed.stage, observed.attempt, observed.problem, observed.hashes,
    shadow && [shadow.power, shadow.health, shadow.healthDetail, shadow.sequenceAtBoot, shadow.firstWriteAtMs !== null],
  ])
}
