/** One migration by our agents: source, target, guest and link each a process; we are the gateway and the coordinator. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { testAuthority } from '../../apps/agent/src/testing/certificates.ts'
import { machineNowMs } from '../support/numbers.ts'
import { startProgram } from '../support/processes.ts'
import { DISK_KEY, sourceMethods, targetMethods } from './methods.ts'
import type { SourceSeen, TargetSeen } from './methods.ts'
import { linkTo, move, releasing, secondsSince, startGuest } from './run.ts'
import type { Defer, Outcome, Setting } from './run.ts'
import { Seen } from './seen.ts'

/** A step of the cutover that takes longer than this is stuck. */
const STEP_LIMIT_SECONDS = 60

/** Migrates with the guest's disk served by our agent, moves the guest, and throws unless the replica is identical. */
export function migrateOurs(setting: Setting): Promise<Outcome> {
  return releasing((defer) => migrate(setting, defer))
}

async function migrate({ folder, diskPath, sizeBytes, link: shape, load, settleSeconds, limitSeconds }: Setting, defer: Defer): Promise<Outcome> {
  const authority = await testAuthority()
  const [sourceFolder, targetFolder] = [join(folder, 's'), join(folder, 't')]
  await Promise.all([mkdir(sourceFolder), mkdir(targetFolder)])

  const target = startProgram(new URL('our-target.ts', import.meta.url))
  defer(() => target.stop())
  const atTarget = new Seen<TargetSeen>()
  target.peer.answer(targetMethods.observed, (seen) => atTarget.now(seen))
  const { port } = await target.peer.call(targetMethods.start, { credentials: await authority.issue('target-1'), directory: targetFolder, sizeBytes, sourceAgentId: 'source-1' })
  const link = await linkTo(port, shape, defer)

  const source = startProgram(new URL('our-source.ts', import.meta.url))
  defer(() => source.stop())
  const atSource = new Seen<SourceSeen>()
  source.peer.answer(sourceMethods.observed, (seen) => atSource.now(seen))
  const place = { socketPath: join(sourceFolder, 'disk.sock'), exportName: DISK_KEY }
  await source.peer.call(sourceMethods.start, { credentials: await authority.issue('source-1'), directory: sourceFolder, disk: { tap: 'SERVED', path: diskPath, sizeBytes, socketPath: place.socketPath } })
  const guest = await startGuest(place, load, defer)

  const startedAtMs = machineNowMs()
  const through = { agentId: 'target-1', host: '127.0.0.1', port: link.port }
  await source.peer.call(sourceMethods.desire, { stage: 'REPLICATE', target: through })
  const reached = await atSource.within(limitSeconds, identical())
  const secondsToIdentical = reached === null ? null : secondsSince(startedAtMs)
  const wireBytes = await link.carried()
  const { medianMs, worstMs } = await guest.latencies()
  await sleep(settleSeconds * 1000)

  // The move, in the steps in which the coordinator leads it: FINAL_SYNC, VERIFYING, TARGET_BOOTING.
  const downtimeMs = await move({
    guest, diskPath, targetPath: await target.peer.call(targetMethods.replicaPath, null),
    stopAndStart: async (stopped, started) => {
      source.peer.answer(sourceMethods.guestOff, () => stopped())
      target.peer.answer(targetMethods.guestOn, (shadowPlace) => started(shadowPlace))
      await source.peer.call(sourceMethods.desire, { stage: 'FINAL', target: through })
      await atSource.must(STEP_LIMIT_SECONDS, (seen) => seen.finalSyncAtMs !== null)
      await target.peer.call(targetMethods.desire, { stage: 'VERIFY' })
      const proof = (await atSource.must(STEP_LIMIT_SECONDS, (seen) => seen.hashes !== null)).hashes?.[0]?.hash
      const readBack = (await atTarget.must(STEP_LIMIT_SECONDS, (seen) => seen.hashes !== null)).hashes?.[0]?.hash
      if (proof === undefined || proof !== readBack) throw new Error(`The proof failed: ${proof} at the source, ${readBack} at the target.`)
      await target.peer.call(targetMethods.desire, { stage: 'BOOT' })
      await atTarget.must(STEP_LIMIT_SECONDS, (seen) => seen.stage === 'BOOT')
    },
    letGo: async () => {
      await source.stop()
      await target.stop()
    },
  })
  return { secondsToIdentical, wireBytes, guestMedianMs: medianMs, guestWorstMs: worstMs, downtimeMs }
}

/**
 * True at the first moment at which everything written up to some moment after the end of the first copy is
 * durable at the target: what a mirror's BLOCK_JOB_READY says, and what our own cutover waits for.
 */
function identical(): (seen: SourceSeen) => boolean {
  let copiedAtMs: number | null = null
  return ({ atMs, firstCopyDone, behindSinceMs }) => {
    if (!firstCopyDone) return false
    copiedAtMs ??= atMs
    return behindSinceMs === null || behindSinceMs >= copiedAtMs
  }
}
