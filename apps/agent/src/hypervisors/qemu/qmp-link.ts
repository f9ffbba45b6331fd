import { connectQmp } from './qmp.ts'
import type { Qmp } from './qmp.ts'

/** The one connection to a VM's QEMU that everybody in the agent shares: adapter and taps. */
export class QmpLink {
  readonly socketPath: string
  readonly #prepare: (qmp: Qmp) => Promise<void>
  #opening: Promise<Qmp> | null = null
  #open: Qmp | null = null

  /** `prepare` is run on each new connection before anybody gets it. */
  constructor(socketPath: string, prepare: (qmp: Qmp) => Promise<void> = () => Promise.resolve()) {
    this.socketPath = socketPath
    this.#prepare = prepare
  }

  /** The open connection, or a new one. Rejects with `QmpError`; UNREACHABLE when no QEMU listens. */
  connect(): Promise<Qmp> {
    if (this.#open !== null && !this.#open.isClosed) return Promise.resolve(this.#open)
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #connect(): Promise<Qmp> {
    const qmp = await connectQmp(this.socketPath)
    try {
      await this.#prepare(qmp)
    } catch (error) {
      qmp.close()
      throw error
    }
    this.#open = qmp
    return qmp
  }

  close(): void {
    this.#open?.close()
    this.#open = null
  }
}
