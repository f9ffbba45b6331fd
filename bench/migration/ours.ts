/** One migration by our agents. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '@driftless/launch/setup/failure.ts'
import type { Bench } from '../support/bench.ts'
import { machineNowMs } from '../support/numbers.ts'
import { identical, startAgents } from './agents.ts'
import type { SourceDisk } from './methods.ts'
import { releasing, secondsSince, startGuest } from './run.ts'
import type { Outcome, Setting } from './run.ts'

/** Migrates, moves the guest, and throws unless the replica is identical. */
export function migrateOurs({ load, settleSeconds, limitSeconds, ...disk }: Setting, tap: SourceDisk['tap']): Promise<Outcome> {
  return releasing(async (defer) => {
    const agents = await startAgents({ ...disk, tap }, defer)
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

/** `-- --tap mirror` (what the product does on QEMU) or `served` (the guest's disk is served by our agent). */
export function tapOf({ options }: Bench): SourceDisk['tap'] {
  const tap = options['tap'] ?? 'mirror'
  if (tap !== 'mirror' && tap !== 'served') throw new Refusal(`--tap takes mirror or served, not "${tap}".`)
  return tap
}
