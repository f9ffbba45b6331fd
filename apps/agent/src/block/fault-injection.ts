import type { BlockDevice } from '@driftless/nbd'
import { Filter } from './filter.ts'

export type DeviceCall = 'read' | 'write' | 'writeZeroes' | 'flush'

/** An error as a device raises it: `code` is a POSIX name. */
export class DeviceError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'DeviceError'
    this.code = code
  }
}

/** For tests: asks `decide` before every call; it may throw, or wait. So nothing is done at once here. */
export class FaultInjection extends Filter {
  readonly #decide: (call: DeviceCall, offset: number, length: number) => Promise<void>

  constructor(inner: BlockDevice, decide: (call: DeviceCall, offset: number, length: number) => Promise<void>) {
    super(inner)
    this.#decide = decide
  }

  override async read(offset: number, into: Buffer): Promise<void> {
    await this.#decide('read', offset, into.length)
    await this.inner.read(offset, into)
  }

  override readNow(): boolean {
    return false
  }

  async write(offset: number, data: Buffer): Promise<void> {
    await this.#decide('write', offset, data.length)
    await this.inner.write(offset, data)
  }

  writeNow(): boolean {
    return false
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    await this.#decide('writeZeroes', offset, length)
    await this.inner.writeZeroes(offset, length)
  }

  override async flush(): Promise<void> {
    await this.#decide('flush', 0, 0)
    await this.inner.flush()
  }
}
