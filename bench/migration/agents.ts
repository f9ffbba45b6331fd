/** Our two agents, each a process, with a link between them; whoever measures is their gateway and their coordinator. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { testAuthority } from '../../apps/agent/src/testing/certificates.ts'
import type { Link, LinkShape } from '../support/link.ts'
import { startProgram } from '../support/processes.ts'
import { DISK_KEY, sourceMethods, targetMethods } from './methods.ts'
import type { SourceDisk, SourceSeen, TargetSeen } from './methods.ts'
import { linkTo, move } from './run.ts'
import type { Defer, Guest, Moved, Place } from './run.ts'
import { Seen } from './seen.ts'
import { EXPORT, serveOnUnix, startDaemon } from './storage-daemon.ts'

/** A step of the cutover that takes longer than this is stuck. */
const STEP_LIMIT_SECONDS = 60

export interface Agents {
  /** Where the source serves the disk to its guest. */
  readonly place: Place
  readonly link: Link
  readonly atSource: Seen<SourceSeen>
  replicate(): Promise<void>
  /** Moves the guest in the steps in which the coordinator leads it; throws unless the proof holds and both files are the same. */
  cutOver(guest: Pick<Guest, 'stop' | 'firstWrite'>): Promise<Moved>
}

export interface AgentsSetting {
  /** Theirs alone. */
  readonly folder: string
  readonly diskPath: string
  readonly sizeBytes: number
  readonly link: LinkShape
  /** How the guest's writes are seen. */
  readonly tap: SourceDisk['tap']
}

/** Starts both; the guest can use its disk once this has resolved. */
export async function startAgents(disk: AgentsSetting, defer: Defer): Promise<Agents> {
  const { folder, diskPath, sizeBytes } = disk
  const authority = await testAuthority()
  const [sourceFolder, targetFolder] = [join(folder, 's'), join(folder, 't')]
  await Promise.all([mkdir(sourceFolder), mkdir(targetFolder)])

  const target = startProgram(new URL('our-target.ts', import.meta.url))
  defer(() => target.stop())
  const atTarget = new Seen<TargetSeen>()
  target.peer.answer(targetMethods.observed, (seen) => atTarget.now(seen))
  const { port } = await target.peer.call(targetMethods.start, { credentials: await authority.issue('target-1'), directory: targetFolder, sizeBytes, sourceAgentId: 'source-1' })
  const link = await linkTo(port, disk.link, defer)

  const source = startProgram(new URL('our-source.ts', import.meta.url))
  defer(() => source.stop())
  const atSource = new Seen<SourceSeen>()
  source.peer.answer(sourceMethods.observed, (seen) => atSource.now(seen))
  const { place, tapped } = await sourceDisk(disk, sourceFolder, defer)
  await source.peer.call(sourceMethods.start, { credentials: await authority.issue('source-1'), directory: sourceFolder, disk: tapped })
  const through = { agentId: 'target-1', host: '127.0.0.1', port: link.port }

  /** FINAL_SYNC, VERIFYING, TARGET_BOOTING; see `packages/domain/src/next-step.ts`. */
  async function cutOverBy(stopped: () => Promise<null>, started: (place: Place) => Promise<null>, passed: (step: string) => void): Promise<void> {
    source.peer.answer(sourceMethods.guestOff, () => stopped())
    target.peer.answer(targetMethods.guestOn, (shadowPlace) => started(shadowPlace))
    await source.peer.call(sourceMethods.desire, { stage: 'FINAL', target: through })
    await atSource.must(STEP_LIMIT_SECONDS, (seen) => seen.finalSyncAtMs !== null)
    passed('rest sent and flushed')
    await target.peer.call(targetMethods.desire, { stage: 'VERIFY' })
    const proof = (await atSource.must(STEP_LIMIT_SECONDS, (seen) => seen.hashes !== null)).hashes?.[0]?.hash
    passed("source's proof")
    const readBack = (await atTarget.must(STEP_LIMIT_SECONDS, (seen) => seen.hashes !== null)).hashes?.[0]?.hash
    if (proof === undefined || proof !== readBack) throw new Error(`The proof failed: ${proof} at the source, ${readBack} at the target.`)
    passed("target's proof")
    await target.peer.call(targetMethods.desire, { stage: 'BOOT' })
    await atTarget.must(STEP_LIMIT_SECONDS, (seen) => seen.stage === 'BOOT')
  }

  return {
    place, link, atSource,
    async replicate() {
      await source.peer.call(sourceMethods.desire, { stage: 'REPLICATE', target: through })
    },
    cutOver: async (guest) => move({
      guest, diskPath, targetPath: await target.peer.call(targetMethods.replicaPath, null),
      stopAndStart: cutOverBy,
      letGo: async () => {
        await source.stop()
        await target.stop()
      },
    }),
  }
}

/** The disk as the source's agent is told of it, and where its guest finds it. */
async function sourceDisk({ tap, diskPath: path, sizeBytes }: AgentsSetting, folder: string, defer: Defer): Promise<{ place: Place; tapped: SourceDisk }> {
  const socketPath = join(folder, 'disk.sock')
  if (tap === 'served') return { place: { socketPath, exportName: DISK_KEY }, tapped: { tap, path, sizeBytes, socketPath } }
  const { qmp, qmpSocketPath } = await startDaemon(join(folder, 'q'), path, defer)
  await serveOnUnix(qmp, socketPath)
  qmp.close() // it serves one client: from here on the agent
  return { place: { socketPath, exportName: EXPORT }, tapped: { tap, path, sizeBytes, qmpSocketPath, guestSocketPath: socketPath, sinkSocketPath: join(folder, 'sink.sock') } }
}

/**
 * True at the first moment at which everything written up to some moment after the end of the first copy is
 * durable at the target: what a mirror's BLOCK_JOB_READY says, and what our own cutover waits for.
 */
export function identical(): (seen: SourceSeen) => boolean {
  let copiedAtMs: number | null = null
  return ({ atMs, firstCopyDone, behindSinceMs }) => {
    if (!firstCopyDone) return false
    copiedAtMs ??= atMs
    return behindSinceMs === null || behindSinceMs >= copiedAtMs
  }
}
