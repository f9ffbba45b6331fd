import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDb, refuseUnboundRole } from './index.ts'

let database: TestDatabase
let owner: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  await owner.query(`DO $$ BEGIN
    CREATE ROLE test_bypass LOGIN PASSWORD 'x' BYPASSRLS; CREATE ROLE test_member LOGIN PASSWORD 'x'; CREATE ROLE test_owner LOGIN PASSWORD 'x';
    EXECUTE format('GRANT %I TO test_member', current_user);
  END $$; CREATE TABLE owned (x int); ALTER TABLE owned OWNER TO test_owner; GRANT USAGE ON SCHEMA public TO test_owner, test_bypass`)
})
afterAll(async () => {
  await owner.query('DROP TABLE owned; REVOKE ALL ON SCHEMA public FROM test_owner, test_bypass; DROP ROLE test_bypass, test_member, test_owner')
  await owner.end()
  await database.drop()
})

const asRole = (role: string) => Object.assign(new URL(database.ownerUrl), { username: role, password: 'x' }).href

async function startAs(url: string): Promise<void> {
  const db = openDb(url, 1)
  try {
    await refuseUnboundRole(db)
  } finally {
    await db.$disconnect()
  }
}

it.each(['webUrl', 'coordinatorUrl'] as const)('lets the role of %s start', async (name) => expect(await startAs(database[name])).toBeUndefined())

it.each([
  ['the owner, here a superuser', () => database.ownerUrl, /bypasses row-level security/],
  ['a role that bypasses it', () => asRole('test_bypass'), /bypasses row-level security/],
  ['a member of a superuser', () => asRole('test_member'), /bypasses row-level security/],
  ['the owner of a table', () => asRole('test_owner'), /owns the table "owned"/],
])('refuses %s', async (_, url, why) => expect(startAs(url())).rejects.toThrow(why))

it('refuses a database that does not force it', async () => {
  await owner.query('ALTER TABLE wave NO FORCE ROW LEVEL SECURITY')
  await expect(startAs(database.webUrl)).rejects.toThrow(/not forced on the table "wave"/)
  await owner.query('ALTER TABLE wave FORCE ROW LEVEL SECURITY')
})
