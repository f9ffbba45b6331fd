import type { BlockDevice } from '@driftless/nbd'
import { Filter } from './filter.ts'

/** The writes of one VM were held still. */
export interface Hold {
  /** Lets them go on. False: the limit had passed and they went on before, so nothing may be built on this hold. */
  release(): boolean
}

/**
 * Holds back the writes of a VM, all its disks together, for a moment in which nothing changes: a crash-consistent point
 * is taken in it. Whatever becomes of the holder, the gate opens by itself after the limit it was given.
 */
export class WriteGate {
  #pending = 0
  #opened: PromiseWithResolvers<void> | null = null
  #quiet: (() => void) | null = null

  /** Null: go on at once; otherwise wait for it and ask again. A write that goes on is followed by `leave`. */
  enter(): Promise<void> | null {
    if (this.#opened !== null) return this.#opened.promise
    this.#pending += 1
    return null
  }

  leave(): void {
    this.#pending -= 1
    if (this.#pending === 0) this.#quiet?.()
  }

  /**
   * Lets no new write through and resolves when those under way have ended. Null: they did not within `limitMs`, and
   * everything goes on. Throws when the writes are held already.
   */
  async hold(limitMs: number): Promise<Hold | null> {
    if (this.#opened !== null) throw new Error('The guest’s writes are held already.')
    const opened = Promise.withResolvers<void>()
    this.#opened = opened
    const open = (): boolean => {
      clearTimeout(timer)
      if (this.#opened !== opened) return false
      this.#opened = null
      this.#quiet = null
      opened.resolve()
      return true
    }
    const timer = setTimeout(open, limitMs)
    if (this.#pending > 0) await Promise.race([new Promise<void>((resolve) => (this.#quiet = resolve)), opened.promise])
    return this.#opened === opened ? { release: open } : null
  }
}

/** One disk's writes go through the VM's gate. Reads and flushes pass. */
export class GatedWrites extends Filter {
  readonly #gate: WriteGate

  constructor(inner: BlockDevice, gate: WriteGate) {
    super(inner)
    this.#gate = gate
  }

  write(offset: number, data: Buffer): Promise<void> {
    return this.#pass(() => this.inner.write(offset, data))
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.#pass(() => this.inner.writeZeroes(offset, length))
  }

  writeNow(offset: number, data: Buffer, alone?: boolean): boolean {
    if (this.#gate.enter() !== null) return false
    try {
      return this.inner.writeNow?.(offset, data, alone) ?? false
    } finally {
      this.#gate.leave()
    }
  }

  async #pass(write: () => Promise<void>): Promise<void> {
    for (let wait = this.#gate.enter(); wait !== null; wait = this.#gate.enter()) await wait
    try {
      await write()
    } finally {
      this.#gate.leave()
    }
  }
}
