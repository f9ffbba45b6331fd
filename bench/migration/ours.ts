/** One migration by our agents, the guest's disk served by the source. */
import { setTimeout as sleep } from 'node:timers/promises'
import { machineNowMs } from '../support/numbers.ts'
import { identical, startAgents } from './agents.ts'
import { releasing, secondsSince, startGuest } from './run.ts'
import type { Outcome, Setting } from './run.ts'

/** Migrates, moves the guest, and throws unless the replica is identical. */
export function migrateOurs({ load, settleSeconds, limitSeconds, ...disk }: Setting): Promise<Outcome> {
  return releasing(async (defer) => {
    const agents = await startAgents(disk, defer)
    const guest = await startGuest(agents.place, load, defer)
    const startedAtMs = machineNowMs()
    await agents.replicate()
    const reached = await agents.atSource.within(limitSeconds, identical())
    const secondsToIdentical = reached === null ? null : secondsSince(startedAtMs)
    const wireBytes = await agents.link.carried()
    const { medianMs, worstMs } = await guest.latencies()
    await sleep(settleSeconds * 1000)
    return { secondsToIdentical, wireBytes, guestMedianMs: medianMs, guestWorstMs: worstMs, moved: await agents.cutOver(guest) }
  })
}
