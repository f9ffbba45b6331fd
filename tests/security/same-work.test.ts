/** What is another's and what is nobody's cost the same work: the same statements reach the database, so that time tells no more than the answer does. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { USER_ROLES } from '@driftless/domain'
import { callTRPCProcedure } from '@trpc/server'
import type { AnyRouter } from '@trpc/server'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { ABSENT_IDS, ACTORS, IDS, seedCast } from './matrix/cast.ts'
import type { Actor } from './matrix/cast.ts'
import { ROOT_ROUTER, everyProcedure } from './matrix/enumerate.ts'
import { PROCEDURES, verdictOf } from './matrix/rows.ts'

const loaded = z.object({ rootRouter: z.custom<AnyRouter>((value) => typeof value === 'function' || typeof value === 'object') })
const statement = z.union([z.string(), z.object({ text: z.string() }).transform(({ text }) => text)])

let database: TestDatabase
let router: AnyRouter
let owner: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  await seedCast(database.ownerUrl)
  owner = new pg.Client({ connectionString: database.ownerUrl })
  await owner.connect()
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  const environment = { DATABASE_URL: database.webUrl, QUEUE_URL: database.queueUrl, NEXTAUTH_URL: 'http://portal.test', NEXTAUTH_SECRET: 'a secret of this test', SEALING_KEY: randomBytes(32).toString('base64'), ORDER_SIGNING_KEY: key, LOG_LEVEL: 'silent' }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  const code: unknown = await import(ROOT_ROUTER)
  router = loaded.parse(code).rootRouter
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await owner?.end()
  await database?.drop()
})

const people = z.tuple([z.object({ name: z.string(), tenant_id: z.string().nullable(), provider_id: z.string(), role: z.enum(USER_ROLES) })])

/** The statements, without their values, that a call which is refused sends to the database. */
async function statementsOf(path: string, type: 'query' | 'mutation' | 'subscription', actor: Actor, as: string, input: unknown): Promise<string[]> {
  const [{ name, tenant_id: tenantId, provider_id: providerId, role }] = people.parse((await owner.query('SELECT name, tenant_id, provider_id, role FROM portal_user WHERE email = $1', [actor.email])).rows)
  const sent: string[] = []
  const query = vi.spyOn(pg.Client.prototype, 'query').mockName('query')
  const person = { userId: as, name, email: actor.email, role, tenantId, providerId }
  const session = { id: 'a session', person, factors: ['PASSWORD'], authenticatedAt: new Date(), policy: 'OPTIONAL', restricted: false }
  const ctx = { person, session, requestId: 'test', sameOrigin: true, address: null }
  const ended = await callTRPCProcedure({ router, path, type, ctx, getRawInput: async () => input, signal: undefined, batchIndex: 0 }).then(() => 'answered', () => 'refused')
  for (const [first] of query.mock.calls) sent.push(statement.safeParse(first).data ?? '')
  query.mockRestore()
  expect([path, ended]).toEqual([path, 'refused'])
  return sent
}

test('strangers and nobodies are looked up alike', async () => {
  const procedures = await everyProcedure()
  const different: string[] = []
  let compared = 0
  for (const [path, rows] of Object.entries(PROCEDURES)) for (const row of rows) for (const actor of ACTORS) {
    const type = procedures[path]
    if (type === undefined || row.input === undefined || verdictOf(row, actor) !== 'NOT_FOUND') continue
    // Somebody new each time: what one person is refused too often is no longer written down.
    const as = `somebody ${compared}`
    const theirs = await statementsOf(path, type, actor, as, row.input(IDS))
    const nobodys = await statementsOf(path, type, actor, as, row.input(ABSENT_IDS))
    compared += 1
    // A transaction, its scope, and the look-up at least.
    if (theirs.length < 4 || theirs.join('\n') !== nobodys.join('\n')) different.push(`${path} by ${actor.email}: ${theirs.length} statements instead of ${nobodys.length}:\n${theirs.join('\n')}`)
  }
  expect(different).toEqual([])
  expect(compared).toBeGreaterThan(50)
})
