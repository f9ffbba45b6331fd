import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { KEPT_MINUTES, MOST_MINUTES_A_REPORT, observedMinute } from '@driftless/agent-api'
import type { ObservedMinute } from '@driftless/agent-api'

/** Of all VMs together: 48 hours of 100 VMs, about 90 MB in memory and 60 on the disk; with more VMs it reaches less far back. */
const MOST_KEPT = 100 * KEPT_MINUTES
/** So many delivered ones may still stand in the file before it is written anew. */
const MOST_DELIVERED_IN_FILE = 10_000

/**
 * Minutes that the gateway does not have yet, oldest first, over restarts too: each is a line in a file. A minute may be told twice (the
 * agent ended between the answer and the file's change); the gateway knows it again.
 */
export class MinuteOutbox {
  readonly #file: FileHandle
  #minutes: ObservedMinute[]
  #fileBytes: number
  #deliveredInFile = 0
  #writing: Promise<void> = Promise.resolve()

  private constructor(file: FileHandle, minutes: ObservedMinute[], fileBytes: number) {
    this.#file = file
    this.#minutes = minutes
    this.#fileBytes = fileBytes
  }

  static async open(path: string): Promise<MinuteOutbox> {
    const file = await open(path, 'a+', 0o600)
    const minutes: ObservedMinute[] = []
    const text = await file.readFile('utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1) // a kill may have torn the last line
    for (const line of whole.split('\n')) {
      const minute = observedMinute.safeParse(parsed(line))
      if (minute.success) minutes.push(minute.data)
    }
    await file.truncate(Buffer.byteLength(whole))
    return new MinuteOutbox(file, minutes.slice(-MOST_KEPT), Buffer.byteLength(whole))
  }

  get length(): number {
    return this.#minutes.length
  }

  add(minutes: readonly ObservedMinute[]): Promise<void> {
    if (minutes.length === 0) return this.#writing
    for (const minute of minutes) this.#minutes.push(minute)
    this.#drop(this.#minutes.length - MOST_KEPT)
    return this.#inTurn(() => this.#append(minutes))
  }

  /** The oldest, as many as a report takes. They stay until they are `delivered`. */
  peek(): readonly ObservedMinute[] {
    return this.#minutes.slice(0, MOST_MINUTES_A_REPORT)
  }

  /** These, which `peek` gave, are with the gateway. */
  delivered(minutes: readonly ObservedMinute[]): Promise<void> {
    const gone = new Set(minutes)
    const left = this.#minutes.findIndex((minute) => !gone.has(minute))
    this.#drop(left < 0 ? this.#minutes.length : left)
    return this.#inTurn(async () => {
      if (this.#minutes.length > 0 && this.#deliveredInFile < MOST_DELIVERED_IN_FILE) return
      this.#deliveredInFile = 0
      if (this.#fileBytes === 0) return
      await this.#file.truncate(0)
      this.#fileBytes = 0
      await this.#append(this.#minutes)
    })
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
  }

  #drop(count: number): void {
    if (count <= 0) return
    this.#minutes.splice(0, count)
    this.#deliveredInFile += count
  }

  async #append(minutes: readonly ObservedMinute[]): Promise<void> {
    if (minutes.length === 0) return
    const lines = minutes.map((minute) => `${JSON.stringify(minute)}\n`).join('')
    await this.#file.appendFile(lines)
    await this.#file.datasync()
    this.#fileBytes += Buffer.byteLength(lines)
  }

  /** One change of the file at a time. Rejects with the file's error; the next change is tried all the same. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#writing.then(work)
    this.#writing = turn.catch(() => {})
    return turn
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
