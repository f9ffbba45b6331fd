import type { SourceObserved, TargetObserved } from '@driftless/agent-api'
import { CAUGHT_UP_BYTES } from '@driftless/domain'

/**
 * Remembers what decisions depend on of each agent's migrations, so that the many reports that only move counters wake
 * nobody. What an agent no longer reports is not remembered; `forget` makes everything news again.
 */
export function createDecisive() {
  const agents = new Map<string, ReadonlyMap<string, string>>()
  return {
    /** The migrations whose state is news; `states` is all that the agent reports. */
    news: (agentId: string, states: ReadonlyMap<string, string>): string[] => {
      const before = agents.get(agentId)
      agents.set(agentId, states)
      return [...states].filter(([migrationId, text]) => before?.get(migrationId) !== text).map(([migrationId]) => migrationId)
    },
    forget: (agentId: string): void => void agents.delete(agentId),
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
    observed.sourceOffAtMs, observed.finalSyncAtMs, observed.hashes, observed.reread ?? null, observed.test ?? null,
    observed.seed ? [observed.seed.shipmentId, observed.seed.state, observed.seed.devices.length, observed.seed.problem, inStep(observed)] : null,
  ])
}

/** A shipment is over once its VMs were identical; that is seldom news for anybody else. */
const inStep = ({ disks, connected }: SourceObserved) => connected && disks.every(({ foregroundLeftBytes }) => foregroundLeftBytes === 0)

/** The same for a target's report. */
export function decisiveOfTarget(observed: TargetObserved): string {
  const { shadow, test } = observed
  return JSON.stringify([
    observed.stage, observed.attempt, observed.problem, observed.hashes,
    shadow && [shadow.power, shadow.health, shadow.healthDetail, shadow.sequenceAtBoot, shadow.firstWriteAtMs !== null],
    observed.wayBack?.finalSyncAtMs ?? null,
    observed.seed ? [observed.seed.shipmentId, observed.seed.state, observed.seed.problem] : null,
    test ? [test.id, test.state, test.guest?.health, test.guest?.healthDetail, test.guest?.sequenceAtBoot, test.problem] : null,
  ])
}
