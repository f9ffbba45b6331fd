import { listenTo } from '@driftless/db'
import type { Context } from './context.ts'

export type DueLoop<T> = {
  readonly databaseUrl: string
  /** On which PostgreSQL says that something is due. */
  readonly channel: string
  /** What a notification that was lost, or the time, made due is found by then. */
  readonly lookEveryMs: number
  /** Under way at once, of this coordinator. */
  readonly mostAtOnce: number
  /** Draining waits so long for what is under way; then it is aborted, and gives back what it claimed. */
  readonly drainMs: number
  /** For the log. */
  readonly what: string
  /** Takes up to `room` pieces of work that are due, so that no other coordinator does. */
  readonly claim: (room: number) => Promise<readonly T[]>
  readonly work: (piece: T, stopping: AbortSignal) => Promise<void>
  /** Drops a bounded number of old rows; true when there may be more. */
  readonly prune: () => Promise<boolean>
}

const PRUNE_EVERY_MS = 3_600_000

/**
 * Works off rows of PostgreSQL as they become due, outside of the queue's workers: whom this waits for is a stranger, and may hang. What is due
 * PostgreSQL says; a claim in the row keeps two coordinators from doing one thing twice.
 */
export async function openDueLoop<T>({ log }: Pick<Context, 'log'>, loop: DueLoop<T>): Promise<{ close: () => Promise<void> }> {
  const { what } = loop
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()
  let closed = false
  let looking: Promise<void> | null = null
  let again = false
  let prunedAtMs = 0

  function look(): void {
    again = true
    looking ??= takeDue().catch((error: unknown) => log.warn({ err: error, what }, 'what is due was not read; the next look is soon')).finally(() => (looking = null))
  }
  async function takeDue(): Promise<void> {
    while (again && !closed && underWay.size < loop.mostAtOnce) {
      again = false
      for (const piece of await loop.claim(loop.mostAtOnce - underWay.size)) start(piece)
    }
  }
  function start(piece: T): void {
    const work = loop.work(piece, stopping.signal).catch((error: unknown) => log.error({ err: error, what }, 'what is due could not be dealt with; it is tried again')).finally(() => {
      underWay.delete(work)
      look()
    })
    underWay.add(work)
  }
  async function prune(): Promise<void> {
    if (Date.now() - prunedAtMs < PRUNE_EVERY_MS) return
    prunedAtMs = Date.now()
    while (!closed && (await loop.prune()));
  }

  const listener = await listenTo(loop.databaseUrl, loop.channel, { onPayload: look, onReconnect: look, onError: (error) => log.warn({ err: error, what }, 'notifications were lost; listening again') })
  const timer = setInterval(() => {
    look()
    prune().catch((error: unknown) => log.warn({ err: error, what }, 'old rows were not dropped'))
  }, loop.lookEveryMs)
  look()
  return {
    close: async () => {
      closed = true
      clearInterval(timer)
      await listener.close()
      await looking
      const giveUp = setTimeout(() => stopping.abort(new Error('The coordinator ends.')), loop.drainMs)
      await Promise.all(underWay)
      clearTimeout(giveUp)
    },
  }
}
