import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'

/** Everything that is waited for comes in seconds; on a machine that does much else, in a minute. */
const PATIENCE_MS = 180_000
const EVERY_MS = 200

export type Looking = {
  readonly everyMs?: number
  /** What there was instead, for the message of a wait in vain. */
  readonly seen?: () => unknown
}

/** What `look` finds, asked every so often until it is something. Throws with `what` was waited for when it does not come. */
export async function eventually<T>(what: string, look: () => Promise<T | null | undefined | false>, { everyMs = EVERY_MS, seen }: Looking = {}): Promise<T> {
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs; await pause(everyMs)) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
  }
  throw new Error(`Not within ${PATIENCE_MS / 1000} s: ${what}.${seen === undefined ? '' : ` There was: ${inspect(await seen(), { depth: 6 })}`}`)
}
