import { connectNbd } from '@driftless/nbd'
import type { BlockDevice, NbdAddress, NbdClient } from '@driftless/nbd'
import { SINK_EXPORT } from '../../../tap/mirror-sink.ts'

const HEARTBEAT_MS = 1_000
/** What the contract gives us before writes may pass us. */
export const WAITS_SECONDS = 10

/** A provider's daemon, as the contract has it: the disk first, then the channel, then the guest's answer. */
export class FilterDaemon implements Pick<BlockDevice, 'write' | 'writeZeroes'> {
  readonly #disk: BlockDevice
  #channel: NbdClient | null = null
  #heartbeat: NodeJS.Timeout | null = null
  /** Writes that the guest was told of and we were not. */
  passed = 0

  constructor(disk: BlockDevice) {
    this.#disk = disk
  }

  /** `forSeconds`: how long it holds writes for a channel that is away; the contract's ten. */
  async connect(address: NbdAddress, forSeconds = WAITS_SECONDS): Promise<void> {
    this.#channel = await connectNbd({ ...address, exportName: SINK_EXPORT, reconnect: { forSeconds } })
    this.#heartbeat = setInterval(() => void this.#tell((channel) => channel.flush()), HEARTBEAT_MS)
  }

  async write(offset: number, data: Buffer): Promise<void> {
    await this.#disk.write(offset, data)
    if (!(await this.#tell((channel) => channel.write(offset, data)))) this.passed += 1
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    await this.#disk.writeZeroes(offset, length)
    if (!(await this.#tell((channel) => channel.writeZeroes(offset, length)))) this.passed += 1
  }

  /** Its process hangs: what is open stays open, and nothing is sent any more. */
  hang(): void {
    clearInterval(this.#heartbeat ?? undefined)
  }

  /** The guest has closed the disk. */
  async leave(): Promise<void> {
    clearInterval(this.#heartbeat ?? undefined)
    await this.#channel?.close()
    this.#channel = null
  }

  /** False: no longer wanted, or away for as long as the contract says. */
  async #tell(what: (channel: NbdClient) => Promise<void>): Promise<boolean> {
    const channel = this.#channel
    if (channel === null) return false
    try {
      await what(channel)
      return true
    } catch {
      if (this.#channel === channel) await this.leave()
      return false
    }
  }
}
