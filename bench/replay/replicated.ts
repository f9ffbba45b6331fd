/** A trace played on a disk that our agents replicate meanwhile: what is sent of what is written. */
import { machineNowMs } from '../support/numbers.ts'
import { startProgram } from '../support/processes.ts'
import { identical, startAgents } from '../migration/agents.ts'
import { guestMethods } from '../migration/methods.ts'
import { releasing } from '../migration/run.ts'
import { playerMethods } from './methods.ts'
import type { Trace } from './trace.ts'

/** The first copy of an empty disk, and what is left when the hour is over. */
const LIMIT_SECONDS = 60

export interface Replicated {
  readonly writtenBytes: number
  /** Guest bytes sent for what it wrote: every block once for all writes that came together. */
  readonly foregroundBytes: number
  /** On the link for them, both directions. */
  readonly wireBytes: number
  readonly downtimeMs: number
}

/** Replicates the empty disk, plays the trace on it, moves the guest; throws unless both disks are then the same. */
export function replicatePlayed({ diskPath, folder, tracePath, speed, trace }: { diskPath: string; folder: string; tracePath: string; speed: number; trace: Trace }): Promise<Replicated> {
  return releasing(async (defer) => {
    const agents = await startAgents({ folder, diskPath, sizeBytes: trace.sizeBytes, link: { bitsPerSecond: null, delayMs: 0 }, tap: 'served' }, defer)
    const player = startProgram(new URL('player.ts', import.meta.url))
    defer(() => player.stop())
    const shadow = startProgram(new URL('../migration/guest.ts', import.meta.url))
    defer(() => shadow.stop())
    await agents.replicate()
    await agents.atSource.must(LIMIT_SECONDS, identical())
    const before = await agents.link.carried()
    await player.peer.call(playerMethods.play, { tracePath, speed, disk: agents.place })
    const { foregroundDoneBytes } = await agents.atSource.must(LIMIT_SECONDS, (seen) => seen.behindSinceMs === null)
    const wireBytes = (await agents.link.carried()) - before
    const { downtimeMs } = await agents.cutOver({
      stop: () => Promise.resolve({ lastWriteAtMs: machineNowMs() }),
      firstWrite: (place) => shadow.peer.call(guestMethods.firstWrite, place),
    })
    return { writtenBytes: trace.writtenBytes, foregroundBytes: foregroundDoneBytes, wireBytes, downtimeMs }
  })
}
