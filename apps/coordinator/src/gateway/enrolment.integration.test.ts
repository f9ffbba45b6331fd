import { randomBytes } from 'node:crypto'
import { unsealText } from '@driftless/sealing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAuthority } from './authority.ts'
import { enrolFakeAgent } from '../testing/fake-agent.ts'
import { DEMO_SOURCE_SITE, openWorld } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const refused = (code: string) => expect.objectContaining({ name: 'GatewayRefusal', code })

describe('enrolment tokens', () => {
  let world: World
  beforeAll(async () => { world = await openWorld() })
  afterAll(() => world.close())

  it('live for an hour at most, whoever makes them', async () => {
    await expect(world.token(DEMO_SOURCE_SITE, 3_600_000 + 1)).rejects.toThrow(/enrolment_token_lifetime/)
    await expect(world.owner.enrolmentToken.updateMany({ where: { id: (await world.owner.enrolmentToken.findFirst())?.id ?? '' }, data: { expiresAt: new Date(Date.now() + 7_200_000) } })).resolves.toEqual({ count: 0 })
    const token = await world.token(DEMO_SOURCE_SITE)
    await expect(world.owner.enrolmentToken.updateMany({ data: { expiresAt: new Date(Date.now() + 7_200_000) } })).rejects.toThrow(/enrolment_token_lifetime/)
    const agent = await enrolFakeAgent(world.port, token)
    agent.close()
  })

  it('that are refused are in the tenant’s audit log, with the reason and the address', async () => {
    const used = await world.token(DEMO_SOURCE_SITE)
    const agent = await enrolFakeAgent(world.port, used)
    agent.close()
    await expect(enrolFakeAgent(world.port, used, 'thief')).rejects.toEqual(refused('TOKEN_USED'))
    await expect(enrolFakeAgent(world.port, await world.token(DEMO_SOURCE_SITE, -1), 'late')).rejects.toEqual(refused('TOKEN_EXPIRED'))
    await expect(enrolFakeAgent(world.port, used.replace(/^dl1\.[^.]{4}/, 'dl1.AAAA'))).rejects.toEqual(refused('TOKEN_WRONG'))
    const entries = await world.owner.auditEntry.findMany({ where: { action: 'enrolment-token.refuse' }, orderBy: { id: 'asc' } })
    expect(entries).toEqual([
      expect.objectContaining({ tenantId: 'alpine', after: 'TOKEN_USED', detail: expect.objectContaining({ host: 'thief', address: '127.0.0.1' }) }),
      expect.objectContaining({ tenantId: 'alpine', after: 'TOKEN_EXPIRED', detail: expect.objectContaining({ host: 'late', address: '127.0.0.1' }) }),
    ])
  })

  it('are counted for all coordinators together', async () => {
    const { port } = await world.another()
    await world.owner.rateLimit.updateMany({ data: { points: 119 } })
    const token = await world.token(DEMO_SOURCE_SITE)
    const agent = await enrolFakeAgent(port, token)
    agent.close()
    await expect(enrolFakeAgent(world.port, token)).rejects.toEqual(refused('TOO_MANY_ATTEMPTS'))
    await world.owner.rateLimit.deleteMany()
  })

  it('are taken by nobody while attempts cannot be counted', async () => {
    const token = await world.token(DEMO_SOURCE_SITE)
    await world.owner.$executeRaw`ALTER TABLE rate_limit RENAME TO rate_limit_gone`
    await expect(enrolFakeAgent(world.port, token)).rejects.toEqual(expect.objectContaining({ status: 503, code: 'LIMITER_AWAY' }))
    await world.owner.$executeRaw`ALTER TABLE rate_limit_gone RENAME TO rate_limit`
    const agent = await enrolFakeAgent(world.port, token)
    agent.close()
  })

  it('are taken by nobody while the store does not answer, and that is said within seconds', async () => {
    const token = await world.token(DEMO_SOURCE_SITE)
    const holder = new pg.Client({ connectionString: world.database.ownerUrl })
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE rate_limit IN ACCESS EXCLUSIVE MODE')
    await expect(enrolFakeAgent(world.port, token)).rejects.toEqual(refused('LIMITER_AWAY'))
    await holder.query('ROLLBACK')
    await holder.end()
    const agent = await enrolFakeAgent(world.port, token)
    agent.close()
  })
})

describe('the gateway’s authority', () => {
  let world: World
  beforeAll(async () => { world = await openWorld() })
  afterAll(() => world.close())
  const stored = () => world.owner.certificateAuthority.findUniqueOrThrow({ where: { id: 'gateway' } })
  const CONTEXT = 'certificate_authority/gateway/private_key'

  it('has its private key in the database sealed, and opens with the gateway’s key alone', async () => {
    const { privateKeyPem } = await stored()
    expect(privateKeyPem).toMatch(/^v1\./)
    expect(privateKeyPem).not.toContain('BEGIN')
    expect(unsealText(world.keys.gateway, privateKeyPem, CONTEXT)).toContain('BEGIN PRIVATE KEY')
    await expect(openAuthority(world.owner, randomBytes(32))).rejects.toThrow('GATEWAY_KEY does not open')
  })

  it('of before, in the clear, is sealed at the next start, and is the same', async () => {
    const { privateKeyPem, fingerprint } = await stored()
    const plain = unsealText(world.keys.gateway, privateKeyPem, CONTEXT) ?? ''
    await world.owner.certificateAuthority.update({ where: { id: 'gateway' }, data: { privateKeyPem: plain } })
    const { port } = await world.another()
    const after = await stored()
    expect(after).toMatchObject({ fingerprint, privateKeyPem: expect.stringMatching(/^v1\./) })
    expect(unsealText(world.keys.gateway, after.privateKeyPem, CONTEXT)).toBe(plain)
    const agent = await enrolFakeAgent(port, await world.token(DEMO_SOURCE_SITE))
    agent.close()
  })
})
