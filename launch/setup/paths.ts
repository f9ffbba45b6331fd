import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Where everything of one running Driftless is. */
export type Places = {
  home: string
  postgres: string
  logs: string
  secrets: string
  /** What was published of the audit log: kept outside of the database, which it is compared with. */
  auditAnchor: string
  /** Short, for unix sockets: their whole path is limited to 108 characters. */
  run: string
  source: string
  target: string
  /** Below it lie the devices that seeds are shipped on. Both agents have the same: what one writes the other finds without a lorry. */
  seeds: string
}

/** The places of the Driftless whose home is `home`; none is made here. */
export function placesOf(home: string): Places {
  const absolute = resolve(home)
  const run = join(tmpdir(), `driftless-${createHash('sha256').update(absolute).digest('hex').slice(0, 8)}`)
  const inHome = (name: string) => join(absolute, name)
  return { home: absolute, postgres: inHome('postgres'), logs: inHome('logs'), secrets: inHome('secrets.json'), auditAnchor: inHome('audit-anchor.jsonl'), run, source: inHome('source'), target: inHome('target'), seeds: inHome('seeds') }
}
