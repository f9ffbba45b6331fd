import type { DiskHash, GuestState, Problem } from '@driftless/agent-api'
import { hashDevice } from '../block/content.ts'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import { sleep } from '../sleep.ts'
import type { DiskReplicator } from './disk-replicator.ts'
import type { DiskTap } from '../tap/disk-tap.ts'

/** While the guest is down every millisecond is downtime: conditions are looked at this often. */
const POLL_MS = 5
const GUEST_POLL_MS = 50

/** The guest is stopped once this little is left after a pass, or after so many passes: it then writes as fast as we send. */
const SMALL_REST_BYTES = 4 * 1024 * 1024
const MAX_DRAIN_PASSES = 5

export interface FinalSyncOptions {
  vmRef: string
  hypervisor: Hypervisor
  disks: { tap: DiskTap; replicator: DiskReplicator }[]
  shutdownSeconds: number
  now: () => number
  /** Called with every state of the guest seen on the way. */
  onGuest: (guest: GuestState) => void
  /** The guest was seen off. Resolves when that is remembered. */
  onOff: () => Promise<void>
  onAsked: () => Promise<void>
  onProblem: (problem: Problem | null) => void
}

/**
 * The source's last steps of a cutover, in order: drain and flush while the guest still runs, shut
 * it down in order, freeze its disks, send the rest, flush. Converges from wherever it finds the
 * guest: an agent that restarted in the middle runs it again from the top.
 */
export async function finalSync(options: FinalSyncOptions, signal: AbortSignal): Promise<void> {
  const { disks } = options
  for (const { replicator } of disks) replicator.setUrgent(true)
  let guest = await findGuest(options)
  if (guest.power === 'ON') {
    await drain(options, signal)
    guest = await findGuest(options)
  }
  if (guest.power !== 'OFF') await shutDown(options, guest.power === 'STOPPING', signal)
  await options.onOff()
  for (const { tap } of disks) tap.freeze(true)
  for (const { tap } of disks) await tap.settle()
  await until(() => disks.every(({ tap }) => tap.pendingWrites === 0), POLL_MS, signal)
  // Connected as well: a target that lost the replica says so only when the link is up.
  await until(() => disks.every(({ replicator }) => replicator.connected && replicator.sync.isClean), POLL_MS, signal)
}

/** Reads every disk back and hashes its whole content. Only while the guest is off. */
export async function hashDisks(disks: readonly DiskTap[], signal: AbortSignal): Promise<DiskHash[]> {
  const hashes: DiskHash[] = []
  for (const { key, sizeBytes, device } of disks) {
    await device.flush()
    hashes.push({ key, sizeBytes, hash: await hashDevice(device, signal) })
  }
  return hashes
}

/** Brings the target so close, durably, that what is left takes no time once the guest is off. */
async function drain({ disks, now }: FinalSyncOptions, signal: AbortSignal): Promise<void> {
  for (let pass = 0; pass < MAX_DRAIN_PASSES; pass += 1) {
    await until(() => disks.every(({ replicator }) => replicator.connected && replicator.sync.sweepComplete), POLL_MS, signal)
    const startMs = now()
    await until(() => disks.every(({ replicator: { sync } }) => sync.isClean || (sync.sweepComplete && sync.coveredAtMs >= startMs)), POLL_MS, signal)
    const restBytes = disks.reduce((sum, { replicator }) => sum + replicator.sync.foregroundLeftBytes, 0)
    if (restBytes <= SMALL_REST_BYTES) return
  }
}

async function shutDown(options: FinalSyncOptions, asked: boolean, signal: AbortSignal): Promise<void> {
  const { hypervisor, vmRef, shutdownSeconds, now } = options
  await options.onAsked()
  if (!asked) await hypervisor.shutdown(vmRef)
  const deadlineMs = now() + shutdownSeconds * 1000
  for (;;) {
    const guest = await findGuest(options)
    if (guest.power === 'OFF') break
    if (now() > deadlineMs) {
      options.onProblem({ code: 'SHUTDOWN_REFUSED', message: `The guest of "${vmRef}" did not shut down within ${shutdownSeconds} s. It still runs and nothing was forced. Look at its console, or give it a longer limit, and try the cutover again.` })
    }
    await sleep(GUEST_POLL_MS, signal)
  }
  options.onProblem(null)
}

async function findGuest({ hypervisor, vmRef, onGuest }: FinalSyncOptions): Promise<GuestState> {
  const vm = await hypervisor.findVm(vmRef)
  if (vm === null) throw new Error(`VM "${vmRef}" is gone from the source hypervisor. Check it there, or cancel this migration.`)
  onGuest(vm.guest)
  return vm.guest
}

async function until(condition: () => boolean, everyMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  while (!condition()) await sleep(everyMs, signal)
}
