import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, TEST_ROLE_PASSWORD } from '../tests/support/database.ts'
import type { TestDatabase } from '../tests/support/database.ts'
import { withClient } from './deploy/database.ts'
import { ensureRoles } from './deploy/roles.ts'
import { deploySchema } from './deploy-schema.ts'

let database: TestDatabase
let folder: string

beforeAll(async () => {
  database = await createTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  // A database of its own history: the template's bookkeeping would be strangers to this folder.
  await withClient(database.ownerUrl, (client) => client.query('TRUNCATE _prisma_migrations'))
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

async function migration(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true })
  await writeFile(join(folder, name, 'migration.sql'), sql)
}
const deploy = () => deploySchema(database.ownerUrl, TEST_ROLE_PASSWORD, folder)

describe('deploying the schema', () => {
  it('applies what is missing, in order of the names, and only once', async () => {
    await migration('2_second', 'ALTER TABLE first_made ADD COLUMN later int')
    await migration('1_first', 'CREATE TABLE first_made (id int)')
    expect((await deploy()).applied).toEqual(['1_first', '2_second'])
    expect((await deploy()).applied).toEqual([])
  })

  it('applies a migration once when two installations deploy at the same moment', async () => {
    await migration('3_third', 'CREATE TABLE third_made (id int)')
    const both = await Promise.all([deploy(), deploy()])
    expect(both.flatMap(({ applied }) => applied)).toEqual(['3_third'])
  })

  it('undoes all of a migration that fails in its middle, and says which', async () => {
    await migration('4_fourth', 'CREATE TABLE fourth_made (id int); SELECT no_such_column FROM first_made;')
    await expect(deploy()).rejects.toThrow(/4_fourth failed and was undone: column "no_such_column" does not exist/)
    const { rows } = await withClient(database.ownerUrl, (client) => client.query("SELECT to_regclass('fourth_made') AS made"))
    expect(rows).toEqual([{ made: null }])
    await rm(join(folder, '4_fourth'), { recursive: true })
  })

  it('refuses a migration that was changed after it was applied', async () => {
    await migration('1_first', 'CREATE TABLE first_made (id bigint)')
    await expect(deploy()).rejects.toThrow(/1_first was changed after it was applied/)
    await migration('1_first', 'CREATE TABLE first_made (id int)')
  })

  it('refuses a database that a newer version has used', async () => {
    await rm(join(folder, '3_third'), { recursive: true })
    await expect(deploy()).rejects.toThrow(/has migration 3_third, which this version of Driftless does not know/)
  })

  it('returns addresses of roles that can log in and own nothing', async () => {
    for (const url of [database.webUrl, database.coordinatorUrl, database.queueUrl]) {
      const { rows } = await withClient(url, (client) => client.query('SELECT rolsuper, rolbypassrls AND rolname = \'driftless_web\' AS web_bypasses FROM pg_roles WHERE rolname = current_user'))
      expect(rows).toEqual([{ rolsuper: false, web_bypasses: false }])
    }
  })

  it('sets up the roles, which are the whole server’s, beside others that set up databases of it', async () => {
    const others = await Promise.all(Array.from({ length: 6 }, createTestDatabase))
    try {
      const ensured = await Promise.all(others.map(({ ownerUrl }) => withClient(ownerUrl, (client) => ensureRoles(client, ownerUrl, TEST_ROLE_PASSWORD))))
      expect(ensured.map(({ web }) => web)).toEqual(others.map(({ webUrl }) => webUrl))
    } finally {
      for (const { drop } of others) await drop()
    }
  })

  it('says what is wrong with an address that nobody answers at', async () => {
    await expect(deploySchema('postgres://owner:secret@127.0.0.1:1/driftless', TEST_ROLE_PASSWORD, folder)).rejects.toThrow(/Cannot connect to PostgreSQL at 127\.0\.0\.1:1/)
  })
})
