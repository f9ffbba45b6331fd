import type { BlockDevice } from '@driftless/nbd'
import { NO_FAULTS } from './messages.ts'
import type { FaultRates } from './messages.ts'

/** A late write comes this much later: by then newer ones may have gone past it. */
const LATE_MS = 20

class DiskFault extends Error {
  readonly code: string
  constructor(code: string) {
    super(`${code}, as the fault run wants it`)
    this.code = code
  }
}

/**
 * A disk that errs by seed. Open faults (`readError`, `error`, `noSpace`) are told to the caller. Lies are not: a dropped write, one that
 * is written again later over newer content, one that is acknowledged and written later, one with a flipped bit.
 */
export class FaultyDevice implements BlockDevice {
  readonly sizeBytes: number
  rates: FaultRates = NO_FAULTS
  /** Writes that the caller was lied to about. */
  lies = 0
  readonly #inner: BlockDevice
  readonly #random: () => number
  readonly #late = new Set<Promise<void>>()

  constructor(inner: BlockDevice, random: () => number) {
    this.#inner = inner
    this.#random = random
    this.sizeBytes = inner.sizeBytes
  }

  async read(offset: number, into: Buffer): Promise<void> {
    this.#mayFail()
    if (this.#happens(this.rates.readError)) throw new DiskFault('EIO')
    await this.#inner.read(offset, into)
  }

  async write(offset: number, data: Buffer): Promise<void> {
    this.#mayFail()
    if (this.#happens(this.rates.noSpace)) throw new DiskFault('ENOSPC')
    if (this.#lies(this.rates.drop)) return
    if (this.#lies(this.rates.delay)) return this.#later(offset, data)
    if (this.#lies(this.rates.flip)) {
      const flipped = Buffer.from(data)
      const at = Math.floor(this.#random() * flipped.length)
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << Math.floor(this.#random() * 8)), at)
      return this.#inner.write(offset, flipped)
    }
    await this.#inner.write(offset, data)
    if (this.#lies(this.rates.repeat)) this.#later(offset, data)
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    this.#mayFail()
    await this.#inner.writeZeroes(offset, length)
  }

  async flush(): Promise<void> {
    this.#mayFail()
    await this.#inner.flush()
  }

  async close(): Promise<void> {
    await Promise.all(this.#late)
    await this.#inner.close()
  }

  #later(offset: number, data: Buffer): void {
    const kept = Buffer.from(data)
    const late: Promise<void> = new Promise<void>((resolve) => setTimeout(resolve, LATE_MS))
      .then(() => this.#inner.write(offset, kept))
      .finally(() => this.#late.delete(late))
    this.#late.add(late)
  }

  #mayFail(): void {
    if (this.#happens(this.rates.error)) throw new DiskFault('EIO')
  }

  #lies(rate: number): boolean {
    const lying = this.#happens(rate)
    if (lying) this.lies += 1
    return lying
  }

  #happens(rate: number): boolean {
    return rate > 0 && this.#random() < rate
  }
}
