import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'

/** For tests: opens files as disks and counts the bytes that are read from all of them. */
export function countingReads(): { open: (path: string) => Promise<BlockDevice>; readBytes: number } {
  const counting = {
    readBytes: 0,
    open: async (path: string): Promise<BlockDevice> => {
      const device = await openFileDevice(path)
      return {
        sizeBytes: device.sizeBytes,
        read: (offset, into) => {
          counting.readBytes += into.length
          return device.read(offset, into)
        },
        write: (offset, data) => device.write(offset, data),
        writeZeroes: (offset, length) => device.writeZeroes(offset, length),
        flush: () => device.flush(),
        close: () => device.close(),
      }
    },
  }
  return counting
}
