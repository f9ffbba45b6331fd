import type { BlockDevice } from '@driftless/nbd'

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

/** For tests: asks `decide` before every call; it may throw, or wait. */
export class FaultInjection implements BlockDevice {
  readonly sizeBytes: number
  readonly #inner: BlockDevice
  readonly #decide: (call: DeviceCall, offset: number, length: number) => Promise<void>

  constructor(inner: BlockDevice, decide: (call: DeviceCall, offset: number, length: number) => Promise<void>) {
    this.#inner = inner
    this.#decide = decide
    this.sizeBytes = inner.sizeBytes
  }

  async read(offset: number, into: Buffer): Promise<void> {
    await this.#decide('read', offset, into.length)
    await this.#inner.read(offset, into)
  }

  async write(offset: number, data: Buffer): Promise<void> {
    await this.#decide('write', offset, data.length)
    await this.#inner.write(offset, data)
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    await this.#decide('writeZeroes', offset, length)
    await this.#inner.writeZeroes(offset, length)
  }

  async flush(): Promise<void> {
    await this.#decide('flush', 0, 0)
    await this.#inner.flush()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}
