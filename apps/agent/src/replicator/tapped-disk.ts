import { serveNbd } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { DirtyTracking } from '../block/dirty-tracking.ts'
import { Statistics } from '../block/statistics.ts'
import { TokenBucket } from '../block/token-bucket.ts'
import { WriteThrottle } from '../block/write-throttle.ts'
import type { HypervisorDisk, HypervisorVm } from '../hypervisors/hypervisor.ts'

/** One disk with the filters in its guest's path; see `block/map.ts`. */
export interface TappedDisk {
  readonly key: string
  readonly sizeBytes: number
  /** What of it the hypervisor counted as used when it was tapped. */
  readonly usedBytes: number
  /** The disk below the filters. */
  readonly device: BlockDevice
  readonly tracking: DirtyTracking
  readonly statistics: Statistics
  close(): Promise<void>
}

/** One VM whose disks the agent serves. */
export interface TappedVm {
  readonly ref: string
  /** Caps the guest's writes, all disks together. */
  readonly throttle: TokenBucket
  readonly disks: readonly TappedDisk[]
  close(): Promise<void>
}

async function tapDisk(disk: HypervisorDisk, throttle: TokenBucket): Promise<TappedDisk> {
  const device = await disk.open()
  const tracking = new DirtyTracking(device)
  const statistics = new Statistics(new WriteThrottle(tracking, throttle))
  try {
    const server = await serveNbd({ socketPath: disk.socketPath, exportName: disk.key, device: statistics })
    return {
      key: disk.key,
      sizeBytes: device.sizeBytes,
      usedBytes: disk.usedBytes,
      device,
      tracking,
      statistics,
      close: async () => {
        await server.close()
        await device.close()
      },
    }
  } catch (error) {
    await device.close()
    throw error
  }
}

/** Opens every disk of the VM and serves it to the guest. All or nothing. */
export async function tapVm(vm: HypervisorVm): Promise<TappedVm> {
  const throttle = new TokenBucket()
  const disks: TappedDisk[] = []
  const close = async () => {
    throttle.setRate(null) // held-back acknowledgements go out before the sockets close
    for (const disk of disks) await disk.close()
  }
  try {
    for (const disk of vm.disks) disks.push(await tapDisk(disk, throttle))
  } catch (error) {
    await close()
    throw error
  }
  return { ref: vm.ref, throttle, disks, close }
}
