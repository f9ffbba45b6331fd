import type { BlockDevice } from '@driftless/nbd'
import { Filter } from './filter.ts'
import type { TokenBucket } from './token-bucket.ts'

/**
 * Slows a guest's writes by holding back their acknowledgements: the data is written at once,
 * the guest hears of it when the bucket (shared by all disks of a VM) allows. Reads pass freely.
 */
export class WriteThrottle extends Filter {
  readonly #bucket: TokenBucket
  readonly #longestHoldMs: number | null

  /** `longestHoldMs`: no acknowledgement is held longer, whatever the rate; null: as long as it takes. */
  constructor(inner: BlockDevice, bucket: TokenBucket, longestHoldMs: number | null = null) {
    super(inner)
    this.#bucket = bucket
    this.#longestHoldMs = longestHoldMs
  }

  async write(offset: number, data: Buffer): Promise<void> {
    const { length } = data
    await this.inner.write(offset, data)
    await this.#bucket.take(length, this.#longestHoldMs === null || this.#bucket.rateBytesPerSecond === null ? undefined : AbortSignal.timeout(this.#longestHoldMs))
  }

  writeNow(offset: number, data: Buffer, alone?: boolean): boolean {
    return this.#bucket.rateBytesPerSecond === null && (this.inner.writeNow?.(offset, data, alone) ?? false)
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.inner.writeZeroes(offset, length)
  }
}
