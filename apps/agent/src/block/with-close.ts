import type { BlockDevice } from '@driftless/nbd'
import { Filter } from './filter.ts'

/** A device whose closing is somebody else's affair: what is closed with it, or that it is only lent. */
export class WithClose extends Filter {
  readonly #close: () => Promise<void>

  constructor(inner: BlockDevice, close: () => Promise<void>) {
    super(inner)
    this.#close = close
  }

  write(offset: number, data: Buffer): Promise<void> {
    return this.inner.write(offset, data)
  }

  writeNow(offset: number, data: Buffer, alone?: boolean): boolean {
    return this.inner.writeNow?.(offset, data, alone) ?? false
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.inner.writeZeroes(offset, length)
  }

  override close(): Promise<void> {
    return this.#close()
  }
}

/** The device, to be used and not closed. */
export const lent = (device: BlockDevice): BlockDevice => new WithClose(device, () => Promise.resolve())
