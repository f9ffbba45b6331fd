import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anchor, anchorSigner, isSigned } from '@driftless/audit-chain'
import { inScope, limitSite, listAuditChains, openDb } from '@driftless/db'
import type { Db } from '@driftless/db'
import { openQueues } from '@driftless/jobs'
import type { Queues } from '@driftless/jobs'
import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedDemo } from '../../../../prisma/seed/demo.ts'
import { DEMO_SOURCE_SITE, OPERATOR, eventually, openWorld } from '../testing/world.ts'
import { openAuditAnchor } from './audit-anchor.ts'
import { createAnchoring } from './anchoring.ts'

const CHAIN = 'tenant/alpine'
let rate = 1_000_000n

/** One entry in the chain of Alpine. */
const write = (web: Db) => inScope(web, OPERATOR, (tx) => limitSite(tx, DEMO_SOURCE_SITE, (rate += 1n)))
const chainOf = async (web: Db) => (await inScope(web, OPERATOR, listAuditChains))[0]
const publishedIn = async (file: string) => (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '').map((line) => anchor.parse(JSON.parse(line))).filter((one) => one.chain === CHAIN)

it('a coordinator publishes what was written within seconds, signed', async () => {
  const world = await openWorld()
  try {
    await write(world.web)
    const first = await eventually(async () => (await publishedIn(world.auditAnchorFile).catch(() => [])).at(-1))
    await write(world.web)
    const last = await eventually(async () => (await publishedIn(world.auditAnchorFile)).find((one) => one.sequence > first.sequence))
    const entry = await world.owner.auditEntry.findUniqueOrThrow({ where: { chain_sequence: { chain: CHAIN, sequence: BigInt(last.sequence) } } })
    expect(last).toMatchObject({ hash: entry.hash, key: anchorSigner(world.keys.auditSigning).publicKey })
    expect(isSigned(last)).toBe(true)
  } finally {
    await world.close()
  }
})

describe('anchoring the audit log', () => {
  let database: TestDatabase
  let owner: Db
  let web: Db
  let coordinator: Db
  let queues: Queues
  let folder: string
  let file: string
  const signer = anchorSigner(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'))
  const said: string[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    owner = openDb(database.ownerUrl, 2)
    web = openDb(database.webUrl, 2)
    coordinator = openDb(database.coordinatorUrl, 4)
    queues = openQueues(database.queueUrl)
    folder = await mkdtemp(join(tmpdir(), 'driftless-anchoring-'))
    file = join(folder, 'audit-anchor.jsonl')
    await seedDemo(owner, () => Promise.resolve('no password'))
    await write(web)
  })
  afterAll(async () => {
    await queues.close()
    await Promise.all([owner.$disconnect(), web.$disconnect(), coordinator.$disconnect()])
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })

  const anchoringAt = (path: string) => createAnchoring({ db: coordinator, queues, log: pino({ level: 'error' }, { write: (line: string) => void said.push(line) }) }, openAuditAnchor({ kind: 'file', path }), signer)
  const run = (path = file) => anchoringAt(path).run(new AbortController().signal)
  const noticed = async () => (await owner.auditEntry.findMany({ where: { chain: CHAIN, action: { startsWith: 'audit.' } }, orderBy: { sequence: 'asc' } })).map(({ action, after, before, reason }) => ({ action, after, before, reason }))

  it('publishes each head once, however many coordinators there are', async () => {
    const two = [anchoringAt(file), anchoringAt(file)]
    for (let round = 0; round < 5; round += 1) {
      await write(web)
      await Promise.all(two.map((one) => one.run(new AbortController().signal)))
    }
    const heads = (await publishedIn(file)).map(({ sequence }) => sequence)
    expect(heads).toEqual([...new Set(heads)].toSorted((a, b) => a - b))
    expect(await chainOf(web)).toMatchObject({ entries: heads.at(-1), anchor: { sequence: heads.at(-1), key: signer.publicKey }, problem: null })
    expect(await noticed()).toEqual([])
  })

  it('says loudly that the database ends before what was published, and publishes no more of that chain', async () => {
    const before = await publishedIn(file)
    const entries = before.at(-1)?.sequence ?? 0
    // As a restored copy would be: the newest entries are gone, and what was noted of them.
    await owner.$transaction(async (tx) => {
      await tx.auditEntry.deleteMany({ where: { chain: CHAIN, sequence: { gt: entries - 2 } } })
      const last = await tx.auditEntry.findUniqueOrThrow({ where: { chain_sequence: { chain: CHAIN, sequence: BigInt(entries - 2) } } })
      await tx.auditHead.update({ where: { chain: CHAIN }, data: { sequence: entries - 2, hash: last.hash ?? '' } })
      await tx.auditAnchor.delete({ where: { chain: CHAIN } })
    })
    await run()
    expect((await chainOf(web))?.problem).toMatchObject({ kind: 'DATABASE_BEHIND', detail: expect.stringContaining(`ends with entry ${entries - 2}`) })
    expect(await noticed()).toEqual([{ action: 'audit.mismatch', before: null, after: 'DATABASE_BEHIND', reason: expect.stringContaining(`Entry ${entries} was published`) }])
    await write(web)
    await run()
    expect((await chainOf(web))?.problem?.kind).toBe('DATABASE_DIFFERS')
    await run()
    expect(await noticed()).toHaveLength(2)
    expect(await publishedIn(file)).toEqual(before)
    expect(said.filter((line) => line.includes('no longer fits what was published')).length).toBeGreaterThan(0)
  })

  it('goes on when a person has put the file aside and starts a new one', async () => {
    await rename(file, `${file}.evidence`)
    await run()
    expect((await chainOf(web))?.problem).toBeNull()
    expect((await noticed()).at(-1)).toMatchObject({ action: 'audit.fits', before: 'DATABASE_DIFFERS' })
    expect(await publishedIn(file)).toHaveLength(1)
  })

  it('says that what was published is gone, and publishes the head anew', async () => {
    await run()
    await writeFile(file, '')
    await run()
    expect((await noticed()).at(-1)).toMatchObject({ action: 'audit.anchor-lost' })
    expect(await publishedIn(file)).toHaveLength(1)
  })

  it('takes no anchor for its own that another key signed', async () => {
    await writeFile(file, `${JSON.stringify({ chain: CHAIN, sequence: 999_999, hash: 'ab'.repeat(32), at: '2026-11-29T03:00:00.000Z', key: 'AAAA', signature: 'AAAA' })}\n`)
    await run()
    expect((await chainOf(web))?.problem).toBeNull()
  })

  it('shows that it cannot publish, and publishes when it can again', async () => {
    await write(web)
    const written = await noticed()
    await run(join(file, 'not-a-folder'))
    expect((await chainOf(web))?.problem).toMatchObject({ kind: 'UNREACHABLE', detail: expect.stringContaining('ENOTDIR') })
    expect(await noticed()).toEqual(written)
    await run()
    const chain = await chainOf(web)
    expect(chain).toMatchObject({ problem: null, anchor: { sequence: chain?.entries } })
  })
})
