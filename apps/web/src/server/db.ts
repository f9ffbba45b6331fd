import 'server-only'
import { openDb } from '@driftless/db'
import type { Db } from '@driftless/db'
import { env } from '../env.ts'

/** A page asks a few short questions at once; more connections than this only queue inside PostgreSQL. */
const CONNECTIONS = 10

let opened: Db | undefined

/** The web program's one client, as the role `driftless_web`, which sees nothing outside a scope. */
export function db(): Db {
  opened ??= openDb(env().DATABASE_URL, CONNECTIONS)
  return opened
}
