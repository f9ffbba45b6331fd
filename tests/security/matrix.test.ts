/**
 * The matrix: everything the portal answers, asked by every role of the own customer, the own provider, a foreign customer, a
 * foreign provider, and signed out, for one customer's belongings. What is another's is as unknown as what is nobody's.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NEXT_CLI } from '@driftless/launch/build-web.ts'
import { signIn } from '@driftless/launch/play/portal.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { anyFreePorts } from '@driftless/launch/setup/ports.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { launchBrowser } from '../support/browser.ts'
import { startDriftless } from '../support/driftless.ts'
import { ABSENT_IDS, ACTORS, IDS, MARK, PASSWORD, seedCast } from './matrix/cast.ts'
import type { Actor, Ids } from './matrix/cast.ts'
import { everyProcedure, everyRoute, middlewares } from './matrix/enumerate.ts'
import { PROCEDURES, ROUTES, verdictOf, verdictOfPage } from './matrix/rows.ts'
import type { Row, Verdict } from './matrix/rows.ts'
import { secretsOf } from './matrix/secrets.ts'
import { HOSTILE_HEADERS, call, fetchRoute } from './matrix/visit.ts'
import type { Heard, Request } from './matrix/visit.ts'

/** Nothing of these is a customer's belonging: they grow by being asked. */
const GROWS = ['audit_anchor', 'audit_entry', 'audit_head', 'notice', 'portal_session', 'rate_limit', 'telemetry_sample', 'vm_content', 'vm_observation', 'webhook_delivery']

let driftless: RunningDriftless
let owner: pg.Client
let procedures: Awaited<ReturnType<typeof everyProcedure>>
const visitors = new Map<Actor | null, Request>()
/** The secrets that there were before anybody was asked: some are removed by who may. */
let planted: Awaited<ReturnType<typeof secretsOf>>
/** All that anybody was ever answered. */
const heard: string[] = []

beforeAll(async () => {
  procedures = await everyProcedure()
  driftless = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json') })
  await seedCast(driftless.ownerUrl)
  owner = new pg.Client({ connectionString: driftless.ownerUrl })
  await owner.connect()
  planted = await secretsOf(owner, driftless.places.secrets)
  visitors.set(null, stranger(driftless.url))
  for (const actor of ACTORS) visitors.set(actor, await signedIn(driftless.url, actor))
})
afterAll(async () => {
  await owner?.end()
  await driftless?.stop()
})

/** Nobody in particular, from the portal's own pages as far as headers say. */
const stranger = (origin: string): Request => (path, init = {}) => {
  const headers = new Headers(init.headers)
  headers.set('origin', origin)
  return fetch(origin + path, { ...init, headers, redirect: 'manual' })
}
async function signedIn(origin: string, actor: Actor): Promise<Request> {
  const person = await signIn(origin, actor.email, PASSWORD)
  return (path, init) => person.request(path, init)
}
const nameOf = (actor: Actor | null) => (actor === null ? 'signed out' : actor.email)
const visitorOf = (actor: Actor | null): Request => visitors.get(actor) ?? (() => { throw new Error(`${nameOf(actor)} never signed in.`) })()
const EVERYBODY = [null, ...ACTORS]

async function belongings(): Promise<Record<string, string>> {
  const names = z.array(z.object({ name: z.string() })).parse((await owner.query(`SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'provider_id' ORDER BY 1`)).rows)
  const found: Record<string, string> = {}
  for (const { name } of names.filter((one) => !GROWS.includes(one.name))) {
    const { rows } = await owner.query(`SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), 'empty') AS sum FROM "${name}" t WHERE provider_id LIKE 'm-%'`)
    found[name] = z.tuple([z.object({ sum: z.string() })]).parse(rows)[0].sum
  }
  return found
}

type Ask = { readonly request: (actor: Actor | null) => Request; readonly among: readonly (Actor | null)[]; readonly headers: Readonly<Record<string, string>> }

/** Asks every procedure as everybody for whom the answer is to be no, or whose asking changes nothing. */
async function refusals({ request, among, headers }: Ask): Promise<string[]> {
  const wrong: string[] = []
  for (const [path, rows] of Object.entries(PROCEDURES)) {
    const kind = procedures[path]
    if (kind === undefined) continue
    for (const row of rows) await Promise.all(among.map(async (actor) => {
      const expected = verdictOf(row, actor)
      if (expected === 'ALLOWED' && kind !== 'query') return
      wrong.push(...(await fits(path, row, actor, expected, (ids) => call(request(actor), kind, path, row.input?.(ids), headers))))
    }))
  }
  return wrong
}

/** Fetches every route as everybody. */
async function routes({ request, among, headers }: Ask): Promise<string[]> {
  const wrong: string[] = []
  for (const [file, route] of Object.entries(ROUTES)) await Promise.all(among.map(async (actor) => {
    const expected = route.open === true ? null : (route.page === true ? verdictOfPage : verdictOf)(route, actor)
    wrong.push(...(await fits(file, route, actor, expected, (ids) => fetchRoute(request(actor), route.path(ids), headers))))
  }))
  return wrong
}

/** What is wrong with an answer: not the one expected, telling a stranger of another's, or of what exists. */
async function fits(what: string, row: Row, actor: Actor | null, expected: Verdict | null, ask: (ids: Ids) => Promise<Heard>): Promise<string[]> {
  const { verdict, code, text } = await ask(IDS)
  heard.push(text)
  const wrong = expected === null || verdict === expected ? [] : [`${what} by ${nameOf(actor)}: ${verdict} (${code || text.slice(0, 200)}) instead of ${expected}`]
  if (actor !== null && actor.relation !== 'FOREIGN') return wrong
  if (text.includes(MARK)) wrong.push(`${what} tells ${nameOf(actor)} of ${MARK}: ${text.slice(0, 300)}`)
  if (expected !== 'NOT_FOUND' || row.names !== true) return wrong
  // Whether it exists elsewhere makes no difference, to the letter.
  const absent = await ask(ABSENT_IDS)
  return absent.text === text ? wrong : [...wrong, `${what} tells ${nameOf(actor)} what exists: ${text} instead of ${absent.text}`]
}

describe('the matrix', () => {
  test('has a row for everything that the portal answers, and none for what it does not', async () => {
    expect(Object.keys(PROCEDURES).toSorted()).toEqual(Object.keys(procedures).toSorted())
    expect(Object.keys(ROUTES).toSorted()).toEqual(await everyRoute())
  })

  test('refuses every role what is not its own, and changes nothing meanwhile', async () => {
    const before = await belongings()
    expect(await refusals({ request: visitorOf, among: EVERYBODY, headers: {} })).toEqual([])
    expect(await routes({ request: visitorOf, among: EVERYBODY, headers: {} })).toEqual([])
    expect(await belongings()).toEqual(before)
  })

  test('is not talked round by hostile headers', async () => {
    const outside = EVERYBODY.filter((actor) => actor === null || actor.relation === 'FOREIGN')
    const ask = { request: visitorOf, among: outside, headers: HOSTILE_HEADERS }
    expect(await refusals(ask)).toEqual([])
    expect(await routes(ask)).toEqual([])
  })

  test('rests on no middleware: it holds without our own server in front, too', async () => {
    expect(await middlewares()).toEqual([])
    const { web: port } = await anyFreePorts()
    const spec = driftless.beside.web('web-bare', port)
    await driftless.supervisor.start({ ...spec, args: [NEXT_CLI, 'start', '-H', '127.0.0.1', '-p', String(port)], isReady: (line) => line.includes('Ready in') })
    const outsiders = new Map<Actor | null, Request>([[null, stranger(spec.url)]])
    for (const actor of ACTORS.filter(({ relation, role }) => relation === 'FOREIGN' && /OPERATOR|ADMIN/.test(role))) outsiders.set(actor, await signedIn(spec.url, actor))
    const request = (actor: Actor | null) => outsiders.get(actor) ?? visitorOf(actor)
    // Next takes a proxy's word on its own name; without a proxy's, and our server's, it takes anybody's.
    const { 'x-forwarded-host': _, ...headers } = HOSTILE_HEADERS
    const ask = { request, among: [...outsiders.keys()], headers }
    expect(await refusals(ask)).toEqual([])
    expect(await routes(ask)).toEqual([])
    await driftless.supervisor.kill('web-bare')
  })

  test('lets everybody do what is theirs', async () => {
    const wrong: string[] = []
    for (const [path, rows] of Object.entries(PROCEDURES)) {
      const kind = procedures[path]
      if (kind === undefined) continue
      for (const row of rows) for (const actor of ACTORS.filter(({ relation }) => relation !== 'FOREIGN'))
        if (verdictOf(row, actor) === 'ALLOWED') wrong.push(...(await fits(path, row, actor, 'ALLOWED', (ids) => call(visitorOf(actor), kind, path, row.input?.(ids)))))
    }
    expect(wrong).toEqual([])
  })

  test('never let a secret out: not in an answer, a log, an export or a job', async () => {
    const present = await secretsOf(owner, driftless.places.secrets)
    expect(present.without.filter((column) => planted.without.includes(column)), 'secret columns in which the cast has planted nothing').toEqual([])
    const secrets = [...planted.secrets, ...present.secrets]
    const outputs = new Map([['an answer', heard.join('\n')]])
    for (const name of await readdir(driftless.places.logs)) outputs.set(`the log ${name}`, await readFile(join(driftless.places.logs, name), 'utf8'))
    outputs.set('a job', JSON.stringify(await jobRows()))
    const found = [...outputs].flatMap(([output, text]) => secrets.flatMap(([name, value]) => (text.includes(value) ? [`${name} in ${output}`] : [])))
    expect(found).toEqual([])
  })
})

/** All that the queues hold, of every table of theirs. */
async function jobRows(): Promise<unknown[]> {
  const tables = z.array(z.object({ schema: z.string(), name: z.string() })).min(1).parse((await owner.query(`SELECT table_schema AS schema, table_name AS name FROM information_schema.tables WHERE table_schema NOT IN ('public', 'information_schema', 'pg_catalog') AND table_type = 'BASE TABLE'`)).rows)
  const rows: unknown[] = []
  for (const { schema, name } of tables) rows.push(...(await owner.query(`SELECT to_jsonb(t) AS row FROM "${schema}"."${name}" t`)).rows)
  return rows
}

test('neither portal nor coordinator starts as a role that row-level security does not bind', async () => {
  const ports = [await anyFreePorts(), await anyFreePorts()] as const
  for (const spec of [driftless.beside.web('web-unbound', ports[0].web), driftless.beside.coordinator('coordinator-unbound', ports[1].gateway)])
    await expect(driftless.supervisor.start({ ...spec, env: { ...spec.env, DATABASE_URL: driftless.ownerUrl } }), spec.name).rejects.toThrow(/bypasses row-level security/)
})

test('every page keeps the content security policy, and no script or style of anybody else runs', async () => {
  const browser = await launchBrowser()
  try {
    const context = await browser.newContext({ locale: 'en-US' })
    const page = await context.newPage()
    const violations: string[] = []
    page.on('console', (message) => { if (message.text().includes('Content Security Policy')) violations.push(`${page.url()}: ${message.text()}`) })
    const operator = ACTORS.find(({ relation, role }) => relation === 'OWN_PROVIDER' && role === 'PROVIDER_ADMIN')
    await page.goto(`${driftless.url}/sign-in`)
    await page.getByLabel('E-mail').fill(operator?.email ?? '')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(/overview/)
    for (const { path } of Object.values(ROUTES).filter((route) => route.page === true)) await page.goto(driftless.url + path(IDS), { waitUntil: 'load' })
    expect(violations).toEqual([])
    // What an attacker's text in a page could bring: an inline handler. (A script that one of our own scripts makes is trusted, by 'strict-dynamic'.)
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="document.title = &quot;taken over&quot;">')`)
    await expect.poll(() => violations.length, { timeout: 10_000 }).toBeGreaterThan(0)
    expect(await page.title()).not.toBe('taken over')
  } finally {
    await browser.close()
  }
})
