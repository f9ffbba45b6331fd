import { serveNbd } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { DirtyTracking } from '../block/dirty-tracking.ts'
import { IntentLog, historyOf } from '../block/intent-log.ts'
import { Statistics } from '../block/statistics.ts'
import { lent } from '../block/with-close.ts'
import { GatedWrites, WriteGate } from '../block/write-gate.ts'
import { WriteThrottle } from '../block/write-throttle.ts'
import { noHistory } from './disk-tap.ts'
import type { DiskTap, TapOptions } from './disk-tap.ts'

/**
 * A disk and the filters before it, for a guest that writes to `guest`; see `block/map.ts`. With a log its writes are
 * remembered over kills. Closing closes the device.
 */
export function filteredTap(disk: { key: string; usedBytes: number; device: BlockDevice }, options: TapOptions, log: IntentLog | null = null): DiskTap & { readonly guest: BlockDevice } {
  const { key, usedBytes, device } = disk
  const tracking = new DirtyTracking(device, log === null ? {} : { intents: log })
  const statistics = new Statistics(new WriteThrottle(new GatedWrites(tracking, options.gate ?? new WriteGate()), options.throttle))
  return {
    key,
    sizeBytes: device.sizeBytes,
    usedBytes,
    kind: 'SERVED',
    device,
    guest: statistics,
    statistics,
    listen: (listener) => Promise.resolve(tracking.listen(listener)),
    settle: () => Promise.resolve(),
    freeze: (frozen) => tracking.freeze(frozen),
    get pendingWrites() {
      return tracking.pendingWrites
    },
    history: log === null ? noHistory : historyOf(log, () => tracking.settled()),
    gated: true,
    takeBack: () => Promise.resolve(lent(device)),
    close: () => device.close(),
  }
}

export interface ServedDisk {
  readonly key: string
  readonly usedBytes: number
  /** Where the guest finds its disk. */
  readonly socketPath: string
  /** Opens the disk itself. */
  open(): Promise<BlockDevice>
}

/** Serves a disk to its guest by NBD, with our filters in between. */
export async function servedTap(disk: ServedDisk, options: TapOptions): Promise<DiskTap> {
  const device = await disk.open()
  const log = await IntentLog.open({ path: `${options.statePath}.intents`, sizeBytes: device.sizeBytes })
  const tap = filteredTap({ ...disk, device }, options, log)
  try {
    const server = await serveNbd({ socketPath: disk.socketPath, exportName: disk.key, device: tap.guest })
    return Object.assign(tap, {
      close: async () => {
        await server.close()
        await log.close()
        await device.close()
      },
    })
  } catch (error) {
    await log.close()
    await device.close()
    throw error
  }
}
