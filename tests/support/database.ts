import { randomBytes } from 'node:crypto'
import { ensureDatabase, urlForDatabase, withClient } from '@driftless/launch/deploy/database.ts'
import { grantOnDatabase, ROLES, urlForRole } from '@driftless/launch/deploy/roles.ts'
import { testEnv } from './env.ts'

/** Of the owner and the login roles, on a server that lives for one test run. */
export const TEST_ROLE_PASSWORD = 'driftless-tests-only'
/** The database with the whole schema that each test's own is copied from. */
export const TEMPLATE = 'driftless_template'

/** One test file's own database, with the whole schema and no rows. */
export type TestDatabase = {
  /** As the owner: sees everything, bound by nothing. */
  ownerUrl: string
  /** As the portal's role `driftless_web`, bound by row-level security. */
  webUrl: string
  /** As the role `driftless_coordinator`. */
  coordinatorUrl: string
  /** As the role of the queues, which makes its own schema. */
  queueUrl: string
  /** Removes it, and ends connections that were left open. */
  drop(): Promise<void>
}

/** Makes a database; call it in `beforeAll` of an integration test (`*.integration.test.ts`), and `drop` in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = testEnv().TEST_DATABASE_URL
  if (server === undefined) throw new Error('No PostgreSQL for this test: name its file *.integration.test.ts and run it through vitest from the root, which starts one.')
  const name = `test_${randomBytes(6).toString('hex')}`
  await ensureDatabase(server, name, TEMPLATE)
  const ownerUrl = urlForDatabase(server, name)
  await withClient(ownerUrl, grantOnDatabase)
  const as = (role: string) => urlForRole(ownerUrl, role, TEST_ROLE_PASSWORD)
  return {
    ownerUrl,
    webUrl: as(ROLES.web),
    coordinatorUrl: as(ROLES.coordinator),
    queueUrl: as(ROLES.queue),
    drop: () => withClient(server, async (client) => void (await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`))),
  }
}
