import type { DiskHash, GuestState, Problem } from '@driftless/agent-api'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import { sleep } from '../sleep.ts'
import type { PowerOffAgreed } from '../orders/rule.ts'
import { hashWholeDisk } from '../proof/piece-table.ts'
import type { PieceTable } from '../proof/piece-table.ts'
import { HASH_PIECE_BYTES } from '../stream/protocol.ts'
import type { DiskReplicator } from './disk-replicator.ts'
import type { DiskTap } from '../tap/disk-tap.ts'

/** While the guest is down every millisecond is downtime: conditions are looked at this often. */
const POLL_MS = 5
const GUEST_POLL_MS = 10

/** The guest is stopped once this little is left after a pass, or after so many passes: it then writes as fast as we send. */
const SMALL_REST_BYTES = 4 * 1024 * 1024
const MAX_DRAIN_PASSES = 5

/**
 * And once this little is left to read back: every megabyte more is downtime. Where the guest's writes keep it from
 * becoming less, what is a moment's work on both sides will do. Waited for at most so long: the coordinator gives the
 * whole shutdown a minute beyond the guest's own limit.
 */
const LITTLE_UNVERIFIED_BYTES = 4 * 1024 * 1024
const SMALL_UNVERIFIED_BYTES = 128 * 1024 * 1024
const NO_LESS_FOR_MS = 1_000
const MAX_VERIFY_WAIT_MS = 20_000

/** A disk of the VM that is cut over. */
export interface FinalDisk {
  readonly tap: DiskTap
  readonly replicator: DiskReplicator
}

export interface FinalSyncOptions {
  vmRef: string
  hypervisor: Hypervisor
  disks: readonly FinalDisk[]
  shutdownSeconds: number
  now: () => number
  /** Called with every state of the guest seen on the way. */
  onGuest: (guest: GuestState) => void
  /** The guest was seen off. Resolves when that is remembered. */
  onOff: () => Promise<void>
  onAsked: () => Promise<void>
  /** Asked when its time to shut down is over: the approvers' word that the guest is powered off then; null: there is none, it never is. */
  powerOffAgreed: () => PowerOffAgreed | null
  /** Just before that is done. Resolves when it is remembered. */
  onPowerOff: (agreed: PowerOffAgreed) => Promise<void>
  onProblem: (problem: Problem | null) => void
}

/**
 * The source's last steps of a cutover, in order: drain and flush while the guest still runs, shut
 * it down in order (by force only where that was signed), freeze its disks, send the rest, flush. Converges from wherever it finds the
 * guest: an agent that restarted in the middle runs it again from the top.
 */
export async function finalSync(options: FinalSyncOptions, signal: AbortSignal): Promise<void> {
  const { disks } = options
  for (const { replicator } of disks) {
    replicator.setUrgent(true)
    replicator.setStill(false)
  }
  let guest = await findGuest(options)
  if (guest.power === 'ON') {
    await untilVerified(options, signal)
    await drain(options, signal)
    guest = await findGuest(options)
  }
  if (guest.power !== 'OFF') await shutDown(options, guest.power === 'STOPPING', signal)
  await options.onOff()
  for (const { tap } of disks) tap.freeze(true)
  for (const { tap } of disks) await tap.settle()
  await until(() => disks.every(({ tap }) => tap.pendingWrites === 0), POLL_MS, signal)
  for (const { replicator } of disks) replicator.setStill(true)
  // Connected as well: a target that lost the replica says so only when the link is up.
  await until(() => disks.every(({ replicator }) => replicator.connected && replicator.sync.isClean), POLL_MS, signal)
}

/** Reads every disk back whole, whatever was read before, and hashes it. Only while the guest is off. */
export async function hashDisksAnew(disks: readonly FinalDisk[], signal: AbortSignal): Promise<DiskHash[]> {
  return Promise.all(
    disks.map(async ({ replicator: { table }, tap: { key, sizeBytes } }) => {
      await table.open()
      table.touchAll()
      await table.readBackStale(signal)
      return { key, sizeBytes, hash: await digestOf(table, signal) }
    }),
  )
}

/** The hashes of the disks as they are, read whole past every table. Only while the guest is off. */
export async function readWhole(disks: readonly FinalDisk[], signal: AbortSignal): Promise<DiskHash[]> {
  const hashes: DiskHash[] = []
  for (const { tap: { key, sizeBytes, device } } of disks) hashes.push({ key, sizeBytes, hash: await hashWholeDisk(device, signal) })
  return hashes
}

/**
 * The hashes of the disks, of which both sides have read back every piece since it was last written and found it equal.
 * Most of that was done while the guest ran. A piece that differs is sent anew, and looked at again.
 */
export async function proveDisks({ disks, onProblem }: Pick<FinalSyncOptions, 'disks' | 'onProblem'>, signal: AbortSignal): Promise<DiskHash[]> {
  await until(() => {
    onProblem(disks.find(({ replicator }) => replicator.verify.problem !== null)?.replicator.verify.problem ?? null)
    return disks.every(({ replicator }) => replicator.verify.complete && replicator.sync.isClean)
  }, POLL_MS, signal)
  return Promise.all(disks.map(async ({ replicator: { table }, tap: { key, sizeBytes } }) => ({ key, sizeBytes, hash: await digestOf(table, signal) })))
}

async function digestOf(table: PieceTable, signal: AbortSignal): Promise<string> {
  const hash = await table.digest(signal)
  if (hash === null) throw new Error('The disk changed while it was hashed, although its guest is off. Check what else writes to it at the source; the final sync begins again.')
  return hash
}

/** What is not yet compared would have to be while the guest is off. */
async function untilVerified({ disks, now }: FinalSyncOptions, signal: AbortSignal): Promise<void> {
  await until(() => disks.every(({ replicator }) => replicator.connected && replicator.sync.sweepComplete), POLL_MS, signal)
  const deadlineMs = now() + MAX_VERIFY_WAIT_MS
  const leftBytes = () => disks.reduce((sum, { replicator }) => sum + replicator.table.stalePieces * HASH_PIECE_BYTES, 0)
  let least = { bytes: Number.POSITIVE_INFINITY, atMs: now() }
  await until(() => {
    const bytes = leftBytes()
    const atMs = now()
    if (bytes < least.bytes) least = { bytes, atMs }
    return bytes <= LITTLE_UNVERIFIED_BYTES || (bytes <= SMALL_UNVERIFIED_BYTES && atMs - least.atMs > NO_LESS_FOR_MS) || atMs > deadlineMs
  }, POLL_MS, signal)
}

/** Brings the target so close, durably, that what is left takes no time once the guest is off. */
async function drain({ disks, now }: FinalSyncOptions, signal: AbortSignal): Promise<void> {
  for (let pass = 0; pass < MAX_DRAIN_PASSES; pass += 1) {
    // Disks that are seen by moments: what is told for the next one is what the guest wrote since the last.
    const told = await Promise.all(disks.map(async ({ tap }) => tap.refresh?.() ?? 0))
    await until(() => disks.every(({ replicator }) => replicator.connected && replicator.sync.sweepComplete), POLL_MS, signal)
    const startMs = now()
    await until(() => disks.every(({ replicator: { sync } }) => sync.isClean || (sync.sweepComplete && sync.coveredAtMs >= startMs)), POLL_MS, signal)
    const restBytes = disks.reduce((sum, { replicator }) => sum + replicator.sync.foregroundLeftBytes, 0)
    if (Math.max(restBytes, ...told) <= SMALL_REST_BYTES) return
  }
}

async function shutDown(options: FinalSyncOptions, asked: boolean, signal: AbortSignal): Promise<void> {
  const { hypervisor, vmRef, shutdownSeconds, now } = options
  await options.onAsked()
  if (!asked) await hypervisor.shutdown(vmRef)
  const askedAtMs = now()
  for (;;) {
    const guest = await findGuest(options)
    if (guest.power === 'OFF') break
    if (now() > askedAtMs + shutdownSeconds * 1000) {
      const agreed = options.powerOffAgreed()
      if (agreed !== null && now() > askedAtMs + agreed.afterSeconds * 1000) {
        await options.onPowerOff(agreed)
        await hypervisor.powerOff(vmRef)
        continue
      }
      // Agreed on, but it has more time by the approvers' word than by what we were told.
      if (agreed === null) options.onProblem({ code: 'SHUTDOWN_REFUSED', message: `The guest of "${vmRef}" did not shut down within ${shutdownSeconds} s. It still runs and nothing was forced. Look at its console, or give it a longer limit, and try the cutover again.` })
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
