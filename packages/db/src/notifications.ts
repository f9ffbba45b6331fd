import pg from 'pg'

/** First pause before connecting again; doubled each time, as a restarting server wants no crowd. */
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 5_000

export type Listener = { readonly onPayload: (payload: string) => void; /** The connection is back; what was sent meanwhile is lost. */ readonly onReconnect: () => void; readonly onError: (error: Error) => void }

/**
 * Listens on one PostgreSQL channel with a connection of its own, and connects again whenever it breaks. Resolves
 * once it listens; `close` ends it. Notifications sent while it was away are lost: `onReconnect` says so.
 */
export async function listenTo(databaseUrl: string, channel: string, listener: Listener): Promise<{ close: () => Promise<void> }> {
  let closed = false
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  let retryMs = FIRST_RETRY_MS

  async function connect(): Promise<void> {
    const next = new pg.Client({ connectionString: databaseUrl, keepAlive: true, application_name: 'driftless-listen' })
    let lost = false
    const onLost = (error?: Error) => {
      if (lost || closed) return
      lost = true
      if (error) listener.onError(error)
      next.end().catch(() => {})
      timer = setTimeout(reconnect, retryMs)
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2)
    }
    next.on('error', onLost)
    next.on('end', () => onLost())
    next.on('notification', (message) => listener.onPayload(message.payload ?? ''))
    client = next
    try {
      await next.connect()
      await next.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
      retryMs = FIRST_RETRY_MS
    } catch (error) {
      onLost(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }
  function reconnect(): void {
    connect().then(listener.onReconnect, () => {})
  }

  try {
    await connect()
  } catch (error) {
    closed = true
    clearTimeout(timer)
    throw error
  }
  return {
    close: async () => {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
