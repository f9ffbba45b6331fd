import { openFileDevice, serveNbd } from '@driftless/nbd'
import type { BlockDevice, NbdServer } from '@driftless/nbd'
import type { DirtyListener } from '../../block/dirty-tracking.ts'
import { IntentLog } from '../../block/intent-log.ts'
import { sleep } from '../../sleep.ts'
import type { DiskTap, TapOptions, WriteHistory } from '../../tap/disk-tap.ts'
import { filteredTap } from '../../tap/served-tap.ts'
import { Sight } from '../../tap/sight.ts'
import { bypassPath, driveOf, insertPath, isHalted } from './in-path-tap-drive.ts'
import { guard } from './in-path-tap-guard.ts'
import { isAbsent, namesIn } from './qemu-disk.ts'
import type { LiveDisk } from './qemu-disk.ts'
import type { Qmp } from './qmp.ts'

/** Looked at this often whether the guest still goes through us, and whether a QEMU that was off is there again. */
const WATCH_MS = 1000

/** Our restart takes a second or two; a guest that waits longer than this is better off without us. */
const AWAY_MS = 5_000

export interface InPathOptions extends TapOptions {
  /** How long we may be gone before the watchdog puts the guest back on its disk, in milliseconds. */
  readonly awayMs?: number
}

/**
 * Stands in the guest's path: its device is put, while it runs, on an NBD node of QEMU's that leads to us, and we write to
 * the image. For raw images only: the filter of any other format would have to lead back into the same QEMU, which hangs.
 *
 *   guest ─▶ QEMU ─NBD─▶ Statistics ▸ WriteThrottle ▸ gate ▸ DirtyTracking ▸ image file
 *
 * Killed, we are waited for: QEMU holds the guest's requests and sends them again to our next life, whose write-intent log
 * knows what may differ. Away for longer, a watchdog process takes us out of the path; see its file.
 */
export class InPathTap implements DiskTap {
  readonly kind = 'SERVED'
  readonly gated = true
  readonly key: string
  readonly sizeBytes: number
  readonly usedBytes: number
  readonly device: BlockDevice
  readonly statistics: DiskTap['statistics']
  readonly sight = new Sight()
  readonly history: WriteHistory
  readonly takeBack: DiskTap['takeBack']
  readonly #disk: LiveDisk
  readonly #guestDevice: string
  readonly #filters: ReturnType<typeof filteredTap>
  readonly #log: IntentLog
  readonly #stop = new AbortController()
  #server: NbdServer | null = null
  #listener: DirtyListener | null = null
  #running: Promise<void> = Promise.resolve()
  #checking: Promise<void> = Promise.resolve()
  #release: () => void = () => {}

  private constructor(disk: LiveDisk, guestDevice: string, filters: ReturnType<typeof filteredTap>, log: IntentLog) {
    this.#disk = disk
    this.#guestDevice = guestDevice
    this.#filters = filters
    this.#log = log
    this.key = disk.key
    this.sizeBytes = filters.sizeBytes
    this.usedBytes = disk.usedBytes
    this.device = filters.device
    this.statistics = filters.statistics
    this.history = filters.history
    this.takeBack = filters.takeBack
  }

  /** Goes into the guest's path, or takes up its place there after a restart. */
  static async attach(disk: LiveDisk, options: InPathOptions): Promise<InPathTap> {
    const { rawPath, device: guestDevice, vm } = disk
    if (rawPath === null) throw new Error(`Disk ${disk.key} of ${vm.ref} is not a raw image, so the agent cannot stand in its path. Choose the mirror or the bitmaps tap.`)
    if (guestDevice === null) throw new Error(`The device of disk ${disk.key} of ${vm.ref} has no id, so it cannot be put on another node. Choose the mirror or the bitmaps tap.`)
    // First of all: who holds this connection decides, and a watchdog may just be taking us out.
    await vm.link.connect().catch((error: unknown) => {
      if (!isAbsent(error)) throw error
    })
    const device = await openFileDevice(rawPath)
    const intentsPath = `${options.statePath}.intents`
    const log = await IntentLog.open({ path: intentsPath, sizeBytes: device.sizeBytes })
    const tap = new InPathTap(disk, guestDevice, filteredTap({ ...disk, device }, options, log), log)
    try {
      tap.#server = await serveNbd({ socketPath: disk.socketPath, exportName: disk.key, device: tap.#filters.guest })
      await tap.#takePlace()
    } catch (error) {
      await tap.#closeOwn()
      throw error
    }
    tap.#release = guard({
      qmpSocket: vm.link.socketPath, device: guestDevice, node: disk.node, pathNode: namesIn(disk).pathNode,
      socketPath: disk.socketPath, exportName: disk.key, rawPath, intentsPath, awayMs: options.awayMs ?? AWAY_MS,
    })
    tap.#running = tap.#watch(tap.#stop.signal)
    return tap
  }

  get pendingWrites(): number {
    return this.#filters.pendingWrites
  }

  async listen(listener: DirtyListener | null): Promise<void> {
    await this.#filters.listen(listener)
    this.#listener = listener
    if (listener !== null) await this.settle()
  }

  async settle(): Promise<void> {
    await this.#filters.settle()
    const checking = this.#checking.catch(() => {}).then(() => this.#takePlace())
    this.#checking = checking
    await checking
  }

  freeze(frozen: boolean): void {
    this.#filters.freeze(frozen)
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The tap was closed.'))
    await this.#running
    await this.#checking.catch(() => {})
    try {
      const qmp = await this.#reach()
      if (qmp !== null) await bypassPath(qmp, { device: this.#guestDevice, node: this.#disk.node, pathNode: namesIn(this.#disk).pathNode })
    } finally {
      this.#release()
      await this.#closeOwn()
    }
  }

  async #closeOwn(): Promise<void> {
    await this.#server?.close()
    await this.#log.close()
    await this.device.close()
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(WATCH_MS, signal).catch(() => {})
      if (!signal.aborted) await this.settle().catch(() => {}) // told to whoever settles
    }
  }

  /** Sees to it that the guest goes through us. Where it did not, writes may have passed unseen: that is said. */
  async #takePlace(): Promise<void> {
    const qmp = await this.#reach()
    if (qmp === null) return this.sight.regain() // nobody writes
    const { pathNode } = namesIn(this.#disk)
    if ((await driveOf(qmp, this.#guestDevice)) !== pathNode) {
      this.sight.lose()
      this.sight.missed()
      // Before: killed in between, the next life must not take an old log for the truth.
      await this.#log.forget()
      await insertPath(qmp, this.#disk, this.#guestDevice)
      this.#listener?.lost()
    } else if (await isHalted(qmp)) {
      // QEMU's patience ended. Nothing passes while the VM is halted; a fresh node is connected at once.
      await bypassPath(qmp, { device: this.#guestDevice, node: this.#disk.node, pathNode })
      await insertPath(qmp, this.#disk, this.#guestDevice)
      await qmp.execute('cont')
    }
    this.sight.regain()
  }

  /** Null: no QEMU runs, so nobody writes. */
  async #reach(): Promise<Qmp | null> {
    try {
      return await this.#disk.vm.link.connect()
    } catch (error) {
      if (!isAbsent(error)) throw error
      // Whoever starts the VM again starts it on its disk: what was remembered until now does not cover that.
      await this.#log.forget()
      return null
    }
  }
}
