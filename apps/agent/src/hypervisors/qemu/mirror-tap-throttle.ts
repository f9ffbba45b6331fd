import type { BlockDevice } from '@driftless/nbd'
import { Filter } from '../../block/filter.ts'
import type { TokenBucket } from '../../block/token-bucket.ts'

/**
 * No acknowledgement of a mirror's is held longer. Much in QEMU first waits for every request under way, its whole main
 * loop with it (a VM's stop, a snapshot, the end of the mirror itself): a VM must not stand still for the sake of a cap.
 */
const LONGEST_HOLD_MS = 2_000

/**
 * Slows a mirrored guest by holding back the sink's acknowledgements, which is good for short waits: those of a latency
 * limit. A cap without one is QEMU's I/O limit where it can be, which holds requests before they begin.
 */
export class MirrorThrottle extends Filter {
  /** QEMU applies the cap. */
  delegated = false
  readonly #bucket: TokenBucket

  constructor(inner: BlockDevice, bucket: TokenBucket) {
    super(inner)
    this.#bucket = bucket
  }

  /** What QEMU's I/O limit should be, in bytes a second; null: none. */
  get wantedLimit(): number | null {
    return this.#bucket.longestWaitMs === null ? this.#bucket.rateBytesPerSecond : null
  }

  async write(offset: number, data: Buffer): Promise<void> {
    const { length } = data
    await this.inner.write(offset, data)
    if (this.#holds) await this.#bucket.take(length, AbortSignal.timeout(LONGEST_HOLD_MS))
  }

  writeNow(offset: number, data: Buffer, alone?: boolean): boolean {
    return !this.#holds && (this.inner.writeNow?.(offset, data, alone) ?? false)
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.inner.writeZeroes(offset, length)
  }

  get #holds(): boolean {
    return this.#bucket.rateBytesPerSecond !== null && !this.delegated
  }
}
