import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { LiveDisk } from './qemu-disk.ts'
import type { Qmp } from './qmp.ts'

const LIMITS = ['bps', 'bps_rd', 'bps_wr', 'iops', 'iops_rd', 'iops_wr'] as const
const limit = z.number().default(0)
const blocks = z.array(
  z.object({
    qdev: z.string().optional(),
    inserted: z.object({ group: z.string().optional(), bps: limit, bps_rd: limit, bps_wr: limit, iops: limit, iops_rd: limit, iops_wr: limit }).optional(),
  }),
)
const statistics = z.array(
  z.object({ qdev: z.string().optional(), stats: z.object({ wr_bytes: z.number(), wr_operations: z.number(), wr_total_time_ns: z.number() }) }),
)

/** QEMU names a device by its id, or by its path where the id belongs to the bus adapter around it (virtio on PCI). */
function isDevice(qdev: string | undefined, device: string): boolean {
  return qdev === device || qdev === `/machine/peripheral/${device}` || (qdev?.startsWith(`/machine/peripheral/${device}/`) ?? false)
}

/** What a guest's device has written since its QEMU was started. */
export interface DeviceWrites {
  readonly bytes: number
  readonly operations: number
  readonly totalMs: number
}

/** QEMU's own count for the disk's device; null where the disk has none. */
export async function deviceWrites(qmp: Qmp, disk: LiveDisk): Promise<DeviceWrites | null> {
  const { device } = disk
  if (device === null) return null
  const found = (await qmp.execute('query-blockstats', {}, statistics)).find(({ qdev }) => isDevice(qdev, device))
  return found === undefined ? null : { bytes: found.stats.wr_bytes, operations: found.stats.wr_operations, totalMs: found.stats.wr_total_time_ns / 1e6 }
}

/**
 * Caps what a disk's device writes, by QEMU's own I/O limits: all disks of a VM share one group, as they share the bucket.
 * Limits that somebody else has set are left alone, and ours is then not applied.
 */
export class DeviceWriteLimit {
  readonly #disk: LiveDisk
  readonly #group: string
  /** In force, as far as we know; undefined: not known (a killed agent may have left one). */
  #inForce: number | null | undefined = undefined
  #qmp: Qmp | null = null

  constructor(disk: LiveDisk) {
    this.#disk = disk
    this.#group = `driftless-${createHash('sha256').update(disk.vm.ref).digest('hex').slice(0, 10)}`
  }

  /** In bytes a second; null lifts the cap. Resolves to whether a cap of ours is in force. */
  async apply(qmp: Qmp, rateBytesPerSecond: number | null): Promise<boolean> {
    const { device } = this.#disk
    if (device === null) return false
    if (this.#qmp === qmp && this.#inForce === rateBytesPerSecond) return rateBytesPerSecond !== null
    const found = (await qmp.execute('query-block', {}, blocks)).find(({ qdev }) => isDevice(qdev, device))
    if (found?.qdev === undefined || found.inserted === undefined) return false
    const { inserted } = found
    const limited = LIMITS.some((name) => inserted[name] > 0)
    const ours = inserted.group === this.#group
    if (limited && !ours) return false
    // Zero would mean no limit. With one byte a second, a guest's next write is far away.
    if (rateBytesPerSecond !== null) await this.#set(qmp, found.qdev, Math.max(1, Math.floor(rateBytesPerSecond)))
    else if (limited) await this.#set(qmp, found.qdev, 0)
    this.#qmp = qmp
    this.#inForce = rateBytesPerSecond
    return rateBytesPerSecond !== null
  }

  async #set(qmp: Qmp, id: string, writtenBytesPerSecond: number): Promise<void> {
    await qmp.execute('block_set_io_throttle', { id, bps: 0, bps_rd: 0, iops: 0, iops_rd: 0, iops_wr: 0, bps_wr: writtenBytesPerSecond, group: this.#group })
  }
}
