import type { BlockDevice, Extent } from '../block-device.ts'

export type MemoryDevice = BlockDevice & { readonly content: Buffer; flushes: number; readonly calls: string[] }

/**
 * A disk in memory that says what was asked of it. `quick`: reads and writes are done at once where asked for, as a
 * file's in the page cache are; without, every call takes its turn.
 */
export function memoryDevice(sizeBytes: number, quick = false): MemoryDevice {
  const content = Buffer.alloc(sizeBytes)
  const calls: string[] = []
  const device: MemoryDevice = {
    sizeBytes,
    content,
    flushes: 0,
    calls,
    async read(offset, into) {
      calls.push(`read ${offset} ${into.length}`)
      content.copy(into, 0, offset, offset + into.length)
    },
    async write(offset, data) {
      calls.push(`write ${offset} ${data.length}`)
      await new Promise((resolve) => setImmediate(resolve))
      data.copy(content, offset)
    },
    async flush() {
      calls.push('flush')
      device.flushes += 1
    },
    async writeZeroes(offset, length) {
      calls.push(`zero ${offset} ${length}`)
      content.fill(0, offset, offset + length)
    },
    async extents(offset, length) {
      const found: Extent[] = []
      for (let at = offset; at < offset + length; ) {
        const end = Math.min(offset + length, at - (at % 4096) + 4096)
        found.push({ length: end - at, zero: content.subarray(at, end).every((byte) => byte === 0) })
        at = end
      }
      return found
    },
    async close() {},
  }
  if (!quick) return device
  return Object.assign(device, {
    readNow(offset: number, into: Buffer) {
      calls.push(`read ${offset} ${into.length}`)
      content.copy(into, 0, offset, offset + into.length)
      return true
    },
    writeNow(offset: number, data: Buffer) {
      calls.push(`write ${offset} ${data.length}`)
      data.copy(content, offset)
      return true
    },
  })
}
