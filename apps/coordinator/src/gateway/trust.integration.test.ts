import { X509Certificate } from 'node:crypto'
import { inScope, revokeAgent } from '@driftless/db'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolFakeAgent, poster, renewFakeAgent, reportOf } from '../testing/fake-agent.ts'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { DEMO_SOURCE_SITE, OPERATOR, eventually, inventoryVm, openWorld, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const refused = (code: string, message = '') => expect.objectContaining({ name: 'GatewayRefusal', code, message: expect.stringContaining(message) })
const ASK = { haveVersion: null, waitSeconds: 0 }
/** What the issue promises of a revocation. */
const CUT_WITHIN_MS = 5_000
type Calls = Pick<FakeAgent, 'calls'>
const works = ({ calls }: Calls) => expect(calls.desired(ASK)).resolves.toHaveProperty('version')
const isRefused = ({ calls }: Calls, message = '') => expect(calls.desired(ASK)).rejects.toEqual(refused('CERTIFICATE_REFUSED', message))

describe('certificates', () => {
  let world: World
  const closing: { close: () => void }[] = []
  beforeAll(async () => { world = await openWorld() })
  afterAll(async () => {
    for (const one of closing) one.close()
    await world.close()
  })
  const enrolled = async () => kept(await enrolFakeAgent(world.port, await world.token(DEMO_SOURCE_SITE)))
  const kept = <T extends { close: () => void }>(one: T): T => {
    closing.push(one)
    return one
  }
  /** The same identity on connections of its own. */
  const elsewhere = (agent: FakeAgent) => {
    const own = kept(poster(world.port, agent.identity))
    return (path = '/v1/desired') => own.post(path, { protocol: 2, ...ASK }, { timeoutMs: 5_000 })
  }
  const actions = async (agentId: string) => (await world.owner.auditEntry.findMany({ where: { subjectId: agentId }, orderBy: { id: 'asc' } })).map(({ action }) => action)

  it('live for a week, and say so in the agent’s row', async () => {
    const agent = await enrolled()
    const { validFromDate, validToDate } = new X509Certificate(agent.answer.certificatePem)
    expect((validToDate.getTime() - Date.now()) / 86_400_000).toBeCloseTo(7, 1)
    expect(validFromDate.getTime()).toBeLessThan(Date.now())
    expect((await world.owner.agent.findUniqueOrThrow({ where: { id: agent.id } })).certificateExpiresAt).toEqual(validToDate)
    expect(await agent.calls.report(reportOf({}))).toEqual({ ok: true })
  })

  it('of before, whose end nobody had noted, are noted with the next call', async () => {
    const agent = await enrolled()
    await world.owner.agent.update({ where: { id: agent.id }, data: { certificateExpiresAt: null } })
    await works(agent)
    expect((await world.owner.agent.findUniqueOrThrow({ where: { id: agent.id } })).certificateExpiresAt).toEqual(new X509Certificate(agent.answer.certificatePem).validToDate)
  })

  it('are renewed: both are good until the new one is first used, then the old one is dead', async () => {
    const agent = await enrolled()
    const renewed = kept(await renewFakeAgent(world.port, agent))
    await works(agent)
    await works(renewed)
    await works(renewed)
    await isRefused(agent, 'replaced by a newer one')
    expect(await actions(agent.id)).toEqual(['agent.enrol', 'agent.renew'])
  })

  it('are renewed though answers were lost: the agent asks again, and what it never heard of is good for nothing', async () => {
    const agent = await enrolled()
    const unheard = kept(await renewFakeAgent(world.port, agent))
    const heard = kept(await renewFakeAgent(world.port, agent))
    await works(agent)
    await works(heard)
    await isRefused(unheard, 'does not know this certificate')
    await works(heard)
  })

  it('that are replaced may still come in on a connection that is older than that: refused, no more', async () => {
    const agent = await enrolled()
    const before = elsewhere(agent)
    expect((await before()).status).toBe(200)
    const renewed = kept(await renewFakeAgent(world.port, agent))
    await works(renewed)
    await new Promise((resolve) => setTimeout(resolve, 2_500)) // longer than clocks may differ
    expect(await before()).toMatchObject({ status: 401, body: { code: 'CERTIFICATE_REFUSED', message: expect.stringContaining('replaced') } })
    await works(renewed)
  })

  it('of which there is a copy: the agent is quarantined, neither works, and enrolling again ends it', async () => {
    const agent = await enrolled()
    const renewed = kept(await renewFakeAgent(world.port, agent))
    await works(renewed)
    await eventually(async () => {
      await elsewhere(agent)()
      return (await world.owner.agent.findUniqueOrThrow({ where: { id: agent.id } })).quarantinedAt
    })
    await isRefused(renewed, 'A copy of this agent')
    await expect(renewed.calls.renew({ certificateRequestPem: 'x' })).rejects.toEqual(refused('CERTIFICATE_REFUSED'))
    expect(await actions(agent.id)).toEqual(['agent.enrol', 'agent.renew', 'agent.quarantine'])
    const again = kept(await enrolFakeAgent(world.port, await world.tokenOf(agent.id), 'host', agent.id))
    expect(again.id).toBe(agent.id)
    await works(again)
    // Whoever has the copy still cannot get in, nor shut the agent out once more.
    await isRefused(agent, 'does not know')
    await isRefused(renewed, 'does not know')
    await works(again)
    expect((await actions(agent.id)).at(-1)).toBe('agent.enrol-again')
  })

  it('are not renewed for a request that is not signed with its own key', async () => {
    const agent = await enrolled()
    await expect(agent.calls.renew({ certificateRequestPem: 'no PEM' })).rejects.toEqual(refused('REQUEST_UNREADABLE'))
    await works(agent)
  })

  it('let an agent in again under a token of its own only', async () => {
    const agent = await enrolled()
    const token = await world.tokenOf(agent.id)
    const other = await enrolled()
    await expect(enrolFakeAgent(world.port, token, 'host', other.id)).rejects.toEqual(refused('TOKEN_OTHER_AGENT', 'not used up'))
    await expect(enrolFakeAgent(world.port, await world.token(DEMO_SOURCE_SITE), 'host', agent.id)).rejects.toEqual(refused('TOKEN_OTHER_AGENT'))
    const again = kept(await enrolFakeAgent(world.port, token, 'new-host', agent.id))
    expect(await world.owner.agent.findUniqueOrThrow({ where: { id: agent.id } })).toMatchObject({ host: 'new-host', name: 'fake' })
    await works(again)
    await isRefused(agent)
  })
})

describe('certificates that live for seconds', () => {
  let world: World
  beforeAll(async () => { world = await openWorld({ certificateLifeMs: 6_000 }) })
  afterAll(() => world.close())

  it('are to be renewed after two thirds, by the gateway’s clock, and end, on an open connection too', async () => {
    const agent = await enrolFakeAgent(world.port, await world.token(DEMO_SOURCE_SITE))
    expect(await agent.calls.report(reportOf({}))).toEqual({ ok: true })
    await eventually(async () => (await agent.calls.report(reportOf({}))).renewCertificate)
    const again = await eventually(() => agent.calls.desired(ASK).then(() => null, (error: unknown) => error))
    expect(again).toEqual(refused('CERTIFICATE_REFUSED', 'expired'))
    const back = await enrolFakeAgent(world.port, await world.tokenOf(agent.id), 'host', agent.id)
    expect(back.id).toBe(agent.id)
    await works(back)
    back.close()
    agent.close()
  })
})

describe('an agent that is revoked', () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  let migrationId: string
  beforeAll(async () => {
    world = await openWorld()
    agents = await world.enrolBoth()
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm('vm-a')] } }))
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    migrationId = (await startedWave(world, ['vm-a'])).migrationIds[0] ?? ''
    await eventually(async () => (await ofSource()).target)
  })
  afterAll(async () => {
    agents.source.close()
    agents.target.close()
    await world.close()
  })
  const ofSource = async () => {
    const one = (await agents.source.calls.desired(ASK)).sources.find((source) => source.migrationId === migrationId)
    return one ?? { target: null }
  }
  const ofTarget = async () => (await agents.target.calls.desired(ASK)).targets.find((target) => target.migrationId === migrationId)
  const revoke = (agentId: string) => inScope(world.web, OPERATOR, (tx) => revokeAgent(tx, agentId, 'the laptop was stolen'))
  const msSince = (start: number) => performance.now() - start
  /** Asks for the agent's next desired state: `told` comes when it is another than the present one. */
  const ask = async ({ calls }: FakeAgent) => {
    const { version } = await calls.desired(ASK)
    return { told: calls.desired({ haveVersion: version, waitSeconds: 20 }) }
  }

  it('is cut off within five seconds, held calls and open connections too, and its target is told', async () => {
    const { version } = await agents.source.calls.desired(ASK)
    const held = agents.source.calls.desired({ haveVersion: version, waitSeconds: 25 }).then(() => 'answered', () => 'cut off')
    const { told } = await ask(agents.target)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const start = performance.now()
    await revoke(agents.source.id)
    expect(await held).toBe('cut off')
    expect((await told).targets.find((target) => target.migrationId === migrationId)).toMatchObject({ peerRevoked: true })
    expect(msSince(start)).toBeLessThan(CUT_WITHIN_MS)
    await isRefused(agents.source, 'was revoked')
    await expect(renewFakeAgent(world.port, agents.source)).rejects.toEqual(refused('CERTIFICATE_REFUSED'))
  })

  it('cannot get its trust back by a token for somebody new, but by one of its own, and its partner goes on with it', async () => {
    const { told } = await ask(agents.target)
    agents.source.close()
    agents.source = await enrolFakeAgent(world.port, await world.tokenOf(agents.source.id), 'source', agents.source.id)
    expect((await told).targets.find((target) => target.migrationId === migrationId)).not.toHaveProperty('peerRevoked')
    expect((await ofSource()).target).toMatchObject({ agentId: agents.target.id })
    expect(await world.owner.agent.findUniqueOrThrow({ where: { id: agents.source.id } })).toMatchObject({ revokedAt: null, revokedReason: null })
  })

  it('is sent nothing any more, and given nothing new', async () => {
    const { told } = await ask(agents.source)
    const start = performance.now()
    await inScope(world.web, { kind: 'provider', providerId: 'northwind', actor: OPERATOR.actor }, (tx) => revokeAgent(tx, agents.target.id, 'decommissioned'))
    expect((await told).sources.find((source) => source.migrationId === migrationId)?.target).toBeNull()
    expect(msSince(start)).toBeLessThan(CUT_WITHIN_MS)
    await expect(ofTarget()).rejects.toEqual(refused('CERTIFICATE_REFUSED'))
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm('vm-a'), inventoryVm('vm-b')] } }))
    await expect(startedWave(world, ['vm-b'])).rejects.toMatchObject({ code: 'NO_TARGET_AGENT' })
  })

  it('is cut off though the notification was lost', async () => {
    const agent = await enrolFakeAgent(world.port, await world.token(DEMO_SOURCE_SITE))
    const { version } = await agent.calls.desired(ASK)
    const held = agent.calls.desired({ haveVersion: version, waitSeconds: 25 }).then(() => 'answered', (error: unknown) => error)
    await world.owner.$executeRaw`ALTER TABLE agent DISABLE TRIGGER agent_trust_changed`
    await inScope(world.web, OPERATOR, (tx) => revokeAgent(tx, agent.id, 'in a test'))
    expect(await held).toEqual(refused('CERTIFICATE_REFUSED'))
    await world.owner.$executeRaw`ALTER TABLE agent ENABLE TRIGGER agent_trust_changed`
    agent.close()
  })
})
