import pg from 'pg'

/** Runs `work` with one connection to `url` and closes it. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The address of another database on the server of `url`. */
export function urlForDatabase(url: string, database: string): string {
  const other = new URL(url)
  other.pathname = `/${encodeURIComponent(database)}`
  return other.href
}

/** Makes `database` on the server of `url` unless it is there; a copy of `template` where one is given. */
export async function ensureDatabase(url: string, database: string, template?: string): Promise<void> {
  await withClient(urlForDatabase(url, 'postgres'), async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database])
    if (rowCount !== 0) return
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}${template === undefined ? '' : ` TEMPLATE ${client.escapeIdentifier(template)}`}`)
  })
}
