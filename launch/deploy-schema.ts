/**
 * Brings a database to the schema of `prisma/migrations`, as `prisma migrate deploy` would (its engine is
 * downloaded from a host that not everyone reaches), with the same bookkeeping and the same lock.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { z } from 'zod'
import { ensureRoles } from './deploy/roles.ts'
import type { RoleUrls } from './deploy/roles.ts'
import { messageOf, Refusal } from './setup/failure.ts'
import { ROOT } from './setup/paths.ts'

/** The advisory lock of Prisma's own deploy, so that the two never run side by side. */
const PRISMA_MIGRATION_LOCK = 72_707_369
const MIGRATIONS = join(ROOT, 'prisma', 'migrations')
/** More migrations than this is no project but a mistake. */
const MIGRATIONS_MAX = 10_000

/** Prisma's own table, as its schema engine makes it. */
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL,
  checksum varchar(64) NOT NULL,
  finished_at timestamptz,
  migration_name varchar(255) NOT NULL,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`

type Migration = { name: string; sql: string; checksum: string }
const appliedRow = z.object({ migration_name: z.string(), checksum: z.string(), finished_at: z.date().nullable() })

export type Deployed = { applied: readonly string[]; urls: RoleUrls }

/** Applies what is missing on the database of `ownerUrl` and returns the addresses of the login roles. */
export async function deploySchema(ownerUrl: string, rolePassword: string, folder = MIGRATIONS): Promise<Deployed> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect().catch((error: unknown) => {
    throw new Refusal(`Cannot connect to PostgreSQL at ${new URL(ownerUrl).host}: ${messageOf(error)}. Check the address, the role and its password in DATABASE_URL.`)
  })
  try {
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_MIGRATION_LOCK])
    const urls = await ensureRoles(client, ownerUrl, rolePassword)
    await client.query(BOOKKEEPING)
    return { applied: await applyMissing(client, await readMigrations(folder)), urls }
  } finally {
    await client.end()
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  if (names.length > MIGRATIONS_MAX) throw new Error(`${folder} holds ${names.length} migrations; at most ${MIGRATIONS_MAX} are read.`)
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function applyMissing(client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  const { rows } = await client.query('SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL')
  const applied = new Map(z.array(appliedRow).parse(rows).map((row) => [row.migration_name, row]))
  refuseStrangers(applied, migrations)
  const done: string[] = []
  for (const migration of migrations) {
    if (applied.has(migration.name)) continue
    await apply(client, migration)
    done.push(migration.name)
  }
  return done
}

/** A database whose history is not ours is left alone, with a reason. */
function refuseStrangers(applied: ReadonlyMap<string, z.infer<typeof appliedRow>>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  const reset = 'For a demo installation: npm start -- --fresh. For real data, never change a migration that was released: put its file back and write a new one.'
  for (const row of applied.values()) {
    const migration = known.get(row.migration_name)
    if (migration === undefined) throw new Refusal(`The database has migration ${row.migration_name}, which this version of Driftless does not know: it was used by a newer version. Start that one, or restore the backup from before it.`)
    if (migration.checksum !== row.checksum) throw new Refusal(`Migration ${row.migration_name} was changed after it was applied to this database (checksum ${row.checksum.slice(0, 12)}… there, ${migration.checksum.slice(0, 12)}… in prisma/migrations). ${reset}`)
    if (row.finished_at === null) throw new Refusal(`Migration ${row.migration_name} was begun on this database by another tool and did not finish. Resolve it there first (prisma migrate resolve). ${reset}`)
  }
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(sql)
    await client.query('INSERT INTO public._prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), clock_timestamp(), 1)', [randomUUID(), checksum, name])
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw new Refusal(`Migration ${name} failed and was undone: ${messageOf(error)}`)
  }
}

