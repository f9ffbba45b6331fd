import type { BlockDevice, Extent } from '@driftless/nbd'

/**
 * What every filter starts from: passes each call on to the device below. A filter that changes what a
 * write does overrides `write`, `writeZeroes` and `writeNow` together: the last is the same write, done
 * at once where the device below can (a filter that has to wait returns false, and `write` is called).
 */
export abstract class Filter implements BlockDevice {
  readonly sizeBytes: number
  /** There when the device below knows of holes and zeroes. */
  readonly extents?: (offset: number, length: number) => Promise<Extent[]>
  protected readonly inner: BlockDevice

  constructor(inner: BlockDevice) {
    this.inner = inner
    this.sizeBytes = inner.sizeBytes
    if (inner.extents !== undefined) this.extents = (offset, length) => inner.extents?.(offset, length) ?? Promise.resolve([])
  }

  read(offset: number, into: Buffer): Promise<void> {
    return this.inner.read(offset, into)
  }

  readNow(offset: number, into: Buffer, alone?: boolean): boolean {
    return this.inner.readNow?.(offset, into, alone) ?? false
  }

  abstract write(offset: number, data: Buffer): Promise<void>
  abstract writeNow(offset: number, data: Buffer, alone?: boolean): boolean
  abstract writeZeroes(offset: number, length: number): Promise<void>

  flush(): Promise<void> {
    return this.inner.flush()
  }

  close(): Promise<void> {
    return this.inner.close()
  }
}
