/**
 * How the daemon of a provider's IO filter tells of a guest's writes: as an NBD client, that writes to an export of ours whatever its
 * guest writes, as QEMU's mirror does. One export a disk, `sink`, on a unix socket or by TLS with certificates on both sides.
 *
 *   guest ─▶ filter ─▶ disk
 *               └─NBD─▶ ChannelPresence ▸ Statistics ▸ throttle ▸ gate ▸ DirtyTracking ▸ Sink
 *
 * The contract, which the daemon keeps (docs/io-filter-channel.md):
 *   - a write goes to the disk first, then to us, and the guest is answered when both have answered;
 *   - without a connection, writes wait. Only a daemon that has sent nothing for ten seconds lets them pass;
 *   - something is sent each second, a flush if there is nothing else;
 *   - NBD's disconnect says that the disk was closed. `ESHUTDOWN` as an answer says that writes are no longer wanted: they pass at once.
 * So whatever went past us was preceded by ten seconds of silence, and we have said `lost` after six at most: hashes decide then.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { BlockError, serveNbd } from '@driftless/nbd'
import type { BlockDevice, NbdAddress, NbdServer, NbdTls } from '@driftless/nbd'
import { DirtyTracking } from '../../../block/dirty-tracking.ts'
import type { DirtyListener } from '../../../block/dirty-tracking.ts'
import { Filter } from '../../../block/filter.ts'
import { Statistics } from '../../../block/statistics.ts'
import { GatedWrites, WriteGate } from '../../../block/write-gate.ts'
import { WriteThrottle } from '../../../block/write-throttle.ts'
import { sleep } from '../../../sleep.ts'
import { noHistory } from '../../../tap/disk-tap.ts'
import type { DiskTap, TapOptions } from '../../../tap/disk-tap.ts'
import { SINK_EXPORT, Sink } from '../../../tap/mirror-sink.ts'
import { ChannelPresence } from './channel-presence.ts'

const CHECK_MS = 250
/** No answer is held longer for a throttle's sake, so that the daemon never takes us for dead. */
const LONGEST_HOLD_MS = 2_000
/** Whoever waits for a daemon longer than this is told that there is none. */
const DAEMON_LIMIT_MS = 30_000
const POLL_MS = 50
/** Where no daemon is there, it is asked so often whether the guest runs at all. */
const GUEST_LOOK_MS = 5_000
/** A daemon that writes nothing hears within a second that it may go. */
const FAREWELL_LIMIT_MS = 2_000

/** A disk whose writes a filter's daemon tells of. */
export interface FilteredDisk {
  readonly key: string
  readonly usedBytes: number
  /** Its content, read past the filter; the tap closes it. */
  readonly content: BlockDevice
  /** Where the daemon calls; a TCP port only with `tls`. */
  readonly address: NbdAddress
  readonly tls?: NbdTls
  /** Whether somebody may be writing at this moment. */
  readonly guestRuns: () => Promise<boolean>
}

/** The export as the daemon sees it: each request is a sign of life, and none is taken once the tap is closing. */
class Heard extends Filter {
  leaving = false
  readonly #heard: () => void

  constructor(inner: BlockDevice, heard: () => void) {
    super(inner)
    this.#heard = heard
  }

  async write(offset: number, data: Buffer): Promise<void> {
    this.#take()
    await this.inner.write(offset, data)
  }

  writeNow(offset: number, data: Buffer, alone?: boolean): boolean {
    this.#take()
    return this.inner.writeNow?.(offset, data, alone) ?? false
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    this.#take()
    await this.inner.writeZeroes(offset, length)
  }

  override async flush(): Promise<void> {
    this.#take()
    await this.inner.flush()
  }

  #take(): void {
    if (this.leaving) throw new BlockError('ESHUTDOWN', 'The disk is no longer followed.')
    this.#heard()
  }
}

/** Follows a disk by what its filter's daemon tells. Resolves when the daemon can call; it need not have. */
export async function filterTap(disk: FilteredDisk, options: TapOptions): Promise<DiskTap> {
  const { key, usedBytes, content, address, tls, guestRuns } = disk
  const { sizeBytes } = content
  const stop = new AbortController()
  const tracking = new DirtyTracking(new Sink(sizeBytes))
  const statistics = new Statistics(new WriteThrottle(new GatedWrites(tracking, options.gate ?? new WriteGate()), options.throttle, LONGEST_HOLD_MS))
  let listener: DirtyListener | null = null
  let server: NbdServer | null = null
  const presence = new ChannelPresence({ nowMs: () => performance.now(), missed: () => listener?.lost(), hangUp: () => server?.hangUp() })
  const heard = new Heard(statistics, () => presence.heard())
  if (!('socketPath' in address) && tls === undefined) throw new Error(`The channel of disk ${key} would be open to anybody: give it a unix socket, or certificates.`)
  server = await serveNbd({ ...address, ...(tls === undefined ? {} : { tls }), exportName: SINK_EXPORT, device: heard, onSession: (event) => presence.session(event) })
  // What has arrived while we were busy counts: it is looked at first.
  const checks = setInterval(() => setImmediate(() => presence.check()), CHECK_MS)
  const looks = setInterval(() => void lookForGuest().catch(() => {}), GUEST_LOOK_MS)

  /** Without a daemon: a guest that is off writes nothing, and one that runs again may have written since the last look. */
  async function lookForGuest(): Promise<void> {
    if (presence.connected) return
    const running = await guestRuns()
    if (!presence.connected) presence.guestSeen(running)
  }

  /** Resolves when the daemon is there, or nobody writes. */
  async function settle(): Promise<void> {
    const deadlineMs = performance.now() + DAEMON_LIMIT_MS
    while (!presence.connected && (await guestRuns())) {
      if (performance.now() > deadlineMs) throw new Error(`The writes of disk ${key} cannot be followed: the daemon of its IO filter has not called for ${DAEMON_LIMIT_MS / 1000} s. Check that the filter is on the disk, and that its daemon runs and reaches ${whereOf(address)}.`)
      await sleep(POLL_MS, stop.signal)
    }
  }

  return {
    key, sizeBytes, usedBytes, statistics, settle,
    sight: presence.sight,
    kind: 'MIRROR',
    device: content,
    // A write that is held is on the disk already, but the guest has not heard of it: a power cut could have left the same.
    gated: true,
    // What a daemon did while we were not there nobody remembers.
    history: noHistory,
    get pendingWrites() {
      return tracking.pendingWrites
    },
    async listen(wanted) {
      listener = wanted
      tracking.listen(wanted)
      if (wanted !== null) await settle()
    },
    freeze() {
      // The channel does not stand in the guest's way: nothing to do.
    },
    async close() {
      listener = null
      tracking.listen(null)
      stop.abort(new Error('The tap was closed.'))
      heard.leaving = true
      const deadlineMs = performance.now() + FAREWELL_LIMIT_MS
      while (presence.connected && performance.now() < deadlineMs) await wait(POLL_MS)
      clearInterval(checks)
      clearInterval(looks)
      await server.close()
      await content.close()
    },
  }
}

const whereOf = (address: NbdAddress): string => ('socketPath' in address ? address.socketPath : `${address.host}:${address.port}`)
