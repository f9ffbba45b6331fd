import type { BlockDevice } from '@driftless/nbd'
import type { TokenBucket } from './token-bucket.ts'

/**
 * Slows a guest's writes by holding back their acknowledgements: the data is written at once,
 * the guest hears of it when the bucket (shared by all disks of a VM) allows. Reads pass freely.
 */
export class WriteThrottle implements BlockDevice {
  readonly sizeBytes: number
  readonly #inner: BlockDevice
  readonly #bucket: TokenBucket

  constructor(inner: BlockDevice, bucket: TokenBucket) {
    this.#inner = inner
    this.#bucket = bucket
    this.sizeBytes = inner.sizeBytes
  }

  read(offset: number, into: Buffer): Promise<void> {
    return this.#inner.read(offset, into)
  }

  async write(offset: number, data: Buffer): Promise<void> {
    await this.#inner.write(offset, data)
    await this.#bucket.take(data.length)
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.#inner.writeZeroes(offset, length)
  }

  flush(): Promise<void> {
    return this.#inner.flush()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
