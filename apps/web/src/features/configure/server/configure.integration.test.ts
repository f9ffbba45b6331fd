import { DEFAULT_PROBE_SHARE } from '@driftless/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPortal, PEOPLE, refusal } from '@/testing/portal.ts'
import type { Portal } from '@/testing/portal.ts'

const HQ = 'site-alpine-hq'
const TARGET = 'site-northwind-zurich'

describe('configure', () => {
  let portal: Portal
  beforeAll(async () => {
    portal = await openPortal()
    await portal.owner.certificateAuthority.create({ data: { id: 'gateway', fingerprint: 'f'.repeat(64), certificatePem: '', privateKeyPem: '' } })
  })
  afterAll(() => portal.close())

  it('shows a customer its sites and the targets it may go to, as its own to manage or not', async () => {
    const sites = await portal.as(PEOPLE.olivia).configure.sites()
    expect(sites.map(({ id, mine }) => ({ id, mine }))).toEqual([{ id: HQ, mine: true }, { id: TARGET, mine: false }])
    expect((await portal.as(PEOPLE.viewer).configure.sites()).every((site) => !site.mine)).toBe(true)
    expect((await portal.as(PEOPLE.ada).configure.sites()).filter((site) => site.mine).map(({ id }) => id)).toEqual([TARGET])
  })

  it('makes a token once readable, for a site of one’s own', async () => {
    const made = await portal.as(PEOPLE.olivia).configure.createToken({ siteId: HQ })
    expect(made.token).toMatch(/^dl1\.[\w-]{43}\.f{64}$/)
    expect(made.gatewayUrl).toBe('https://portal.test:4601')
    const stored = await portal.owner.enrolmentToken.findMany({ where: { siteId: HQ } })
    expect(JSON.stringify(stored)).not.toContain(made.token.split('.')[1])
    const hq = (await portal.as(PEOPLE.olivia).configure.sites()).find((site) => site.id === HQ)
    expect(hq?.openTokens).toBe(1)
  })

  it.each([
    ['a viewer', PEOPLE.viewer, HQ, 'FORBIDDEN'],
    ['an operator at the provider’s site', PEOPLE.olivia, TARGET, 'FORBIDDEN'],
    ['another customer', PEOPLE.henry, HQ, 'SITE_UNKNOWN'],
    ['the provider at a customer’s site', PEOPLE.ada, HQ, 'FORBIDDEN'],
    ['a scheduler', PEOPLE.samir, TARGET, 'FORBIDDEN'],
  ])('refuses tokens and limits to %s', async (_who, person, siteId, code) => {
    expect(await refusal(portal.as(person).configure.createToken({ siteId }))).toBe(code)
    expect(await refusal(portal.as(person).configure.limitSite({ siteId, bytesPerSecond: 1_000_000 }))).toBe(code)
  })

  describe('an agent', () => {
    const AGENT = 'agent-hq'
    const hq = async (person = PEOPLE.olivia) => (await portal.as(person).configure.sites()).find(({ id }) => id === HQ)?.agents.find(({ id }) => id === AGENT)
    beforeAll(async () => {
      const agent = { providerId: 'northwind', host: 'h', version: '0.1.0', protocol: 2, certificateFingerprint: 'f', lastContactAt: new Date(), certificateExpiresAt: new Date(Date.now() + 5 * 86_400_000) }
      await portal.owner.agent.createMany({ data: [{ ...agent, id: AGENT, name: 'hq-1', tenantId: 'alpine', siteId: HQ, role: 'SOURCE' }, { ...agent, id: 'agent-target', name: 'zurich-1', siteId: TARGET, role: 'TARGET' }] })
    })

    it.each([
      ['a viewer', PEOPLE.viewer, AGENT, 'FORBIDDEN'],
      ['an approver', PEOPLE.anna, AGENT, 'FORBIDDEN'],
      ['an operator at the provider’s site', PEOPLE.olivia, 'agent-target', 'FORBIDDEN'],
      ['another customer', PEOPLE.henry, AGENT, 'AGENT_UNKNOWN'],
      ['the provider at a customer’s site', PEOPLE.ada, AGENT, 'FORBIDDEN'],
      ['a scheduler', PEOPLE.samir, 'agent-target', 'FORBIDDEN'],
    ])('is neither revoked nor let in again by %s', async (_who, person, agentId, code) => {
      expect(await refusal(portal.as(person).configure.revokeAgent({ agentId, reason: 'because' }))).toBe(code)
      expect(await refusal(portal.as(person).configure.enrolAgain({ agentId }))).toBe(code)
      expect(await portal.owner.agent.count({ where: { revokedAt: { not: null } } })).toBe(0)
    })

    it('is shown with the end of its certificate and how far it is trusted', async () => {
      expect(await hq()).toMatchObject({ trust: 'ACTIVE', online: true, revokedReason: null, certificateExpiresAt: expect.any(Date) })
      await portal.owner.agent.update({ where: { id: AGENT }, data: { certificateExpiresAt: new Date(Date.now() + 3_600_000) } })
      expect((await hq())?.trust).toBe('ENDS_SOON')
    })

    it('is revoked for a reason, once, and stands in the audit log', async () => {
      const { configure } = portal.as(PEOPLE.olivia)
      expect(await refusal(configure.revokeAgent({ agentId: AGENT, reason: '  ' }))).toBe('REASON_MISSING')
      await configure.revokeAgent({ agentId: AGENT, reason: 'the machine was stolen' })
      expect(await refusal(configure.revokeAgent({ agentId: AGENT, reason: 'again' }))).toBe('AGENT_REVOKED')
      expect(await hq()).toMatchObject({ trust: 'REVOKED', online: false, revokedReason: 'the machine was stolen' })
      expect(await portal.owner.auditEntry.findMany({ where: { action: 'agent.revoke' } })).toEqual([expect.objectContaining({ tenantId: 'alpine', subjectId: AGENT, actorId: PEOPLE.olivia.userId, after: 'REVOKED', reason: 'the machine was stolen' })])
    })

    it('is given a token of its own to come back with', async () => {
      const made = await portal.as(PEOPLE.olivia).configure.enrolAgain({ agentId: AGENT })
      expect(made).toMatchObject({ token: expect.stringMatching(/^dl1\./), siteName: expect.any(String), gatewayUrl: 'https://portal.test:4601' })
      const stored = await portal.owner.enrolmentToken.findFirstOrThrow({ where: { agentId: AGENT } })
      expect(stored).toMatchObject({ siteId: HQ, tenantId: 'alpine', usedAt: null })
      expect(stored.expiresAt.getTime() - stored.createdAt.getTime()).toBe(3_600_000)
    })

    it('of the provider is shown to customers without the reason of its revocation', async () => {
      await portal.as(PEOPLE.ada).configure.revokeAgent({ agentId: 'agent-target', reason: 'found in a skip' })
      const target = (await portal.as(PEOPLE.olivia).configure.sites()).find(({ id }) => id === TARGET)
      expect(target?.agents).toEqual([expect.objectContaining({ trust: 'REVOKED', revokedReason: null })])
    })
  })

  it('sets and takes away a link rate, and writes it down once', async () => {
    const { configure } = portal.as(PEOPLE.olivia)
    await configure.limitSite({ siteId: HQ, bytesPerSecond: 12_500_000 })
    await configure.limitSite({ siteId: HQ, bytesPerSecond: 12_500_000 })
    await configure.limitSite({ siteId: HQ, bytesPerSecond: null })
    expect((await configure.sites()).find((site) => site.id === HQ)?.limitBytesPerSecond).toBeNull()
    const entries = await portal.owner.auditEntry.findMany({ where: { action: 'site.limit' }, orderBy: { id: 'asc' } })
    expect(entries.map(({ before, after }) => [before, after])).toEqual([['250000000', '12500000'], ['12500000', 'none']])
    expect(await refusal(configure.limitSite({ siteId: HQ, bytesPerSecond: 10 }))).toBe('LINK_RATE')
  })

  it('gives a link rate a timetable, and writes it down', async () => {
    const { configure } = portal.as(PEOPLE.olivia)
    const rule = { days: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, toMinute: 0, bytesPerSecond: 2_500_000 }
    const schedule = { zone: 'Europe/Zurich', rules: [rule] }
    await configure.limitSite({ siteId: HQ, bytesPerSecond: 12_500_000, schedule })
    const hq = async () => (await configure.sites()).find((site) => site.id === HQ)
    expect(await hq()).toMatchObject({ limitBytesPerSecond: 12_500_000, schedule, rate: { bytesPerSecond: 2_500_000 } })
    // Left out it stays; null takes it away.
    await configure.limitSite({ siteId: HQ, bytesPerSecond: null })
    expect(await hq()).toMatchObject({ limitBytesPerSecond: null, schedule })
    await configure.limitSite({ siteId: HQ, bytesPerSecond: null, schedule: null })
    expect(await hq()).toMatchObject({ schedule: null, rate: { bytesPerSecond: null, changesAtMs: null } })
    expect((await portal.owner.auditEntry.findMany({ where: { action: 'site.schedule' }, orderBy: { id: 'asc' } })).map(({ before, after }) => [before, after])).toEqual([['0', '1'], ['1', '0']])
    expect(await refusal(configure.limitSite({ siteId: HQ, bytesPerSecond: null, schedule: { zone: 'Europe/Nowhere', rules: [] } }))).toBe('TIME_ZONE')
    expect(await refusal(configure.limitSite({ siteId: HQ, bytesPerSecond: null, schedule: { zone: 'UTC', rules: [{ ...rule, days: [] }] } }))).toBe('RATE_SCHEDULE')
    expect(await refusal(portal.as(PEOPLE.henry).configure.limitSite({ siteId: HQ, bytesPerSecond: null, schedule: null }))).toBe('SITE_UNKNOWN')
    expect(await refusal(portal.as(PEOPLE.viewer).configure.limitSite({ siteId: HQ, bytesPerSecond: null, schedule: null }))).toBe('FORBIDDEN')
  })

  it('agrees on what probes of the line may take, or on none, and writes it down once', async () => {
    const { configure } = portal.as(PEOPLE.olivia)
    const hq = async () => (await configure.sites()).find((site) => site.id === HQ)
    expect(await hq()).toMatchObject({ probeShare: DEFAULT_PROBE_SHARE })
    for (const probeShare of [0.001, 0.001, 0]) await configure.limitSite({ siteId: HQ, bytesPerSecond: null, probeShare })
    // Left out it stays.
    await configure.limitSite({ siteId: HQ, bytesPerSecond: null })
    expect(await hq()).toMatchObject({ probeShare: 0 })
    expect((await portal.owner.auditEntry.findMany({ where: { action: 'site.probes' }, orderBy: { id: 'asc' } })).map(({ before, after }) => [before, after])).toEqual([['0.0025', '0.001'], ['0.001', '0']])
    for (const probeShare of [0.011, -0.001]) expect(await refusal(configure.limitSite({ siteId: HQ, bytesPerSecond: null, probeShare }))).toBe('PROBE_SHARE')
    expect(await refusal(portal.as(PEOPLE.ada).configure.limitSite({ siteId: HQ, bytesPerSecond: null, probeShare: 0.01 }))).toBe('FORBIDDEN')
  })

  it('lets an administrator, and nobody else, name and colour the portal', async () => {
    await portal.as(PEOPLE.ada).configure.brand({ name: 'Nordwind', accentColor: '#AA3300' })
    expect(await portal.as(PEOPLE.watcher).configure.branding()).toEqual({ name: 'Nordwind', accentColor: '#aa3300' })
    for (const person of [PEOPLE.samir, PEOPLE.watcher, PEOPLE.olivia]) expect(await refusal(portal.as(person).configure.brand({ name: 'Mine', accentColor: '#000000' }))).toBe('FORBIDDEN')
    expect(await refusal(portal.as(PEOPLE.ada).configure.brand({ name: 'X', accentColor: 'red' }))).toBe('BAD_INPUT')
  })

  it('keeps one provider’s name from another’s administrator', async () => {
    await portal.owner.provider.create({ data: { id: 'southwind', name: 'Southwind', accentColor: '#111111' } })
    const stranger = { ...PEOPLE.ada, userId: 'user-eve', providerId: 'southwind' }
    await portal.as(stranger).configure.brand({ name: 'Southwind Two', accentColor: '#222222' })
    expect(await portal.owner.provider.findUniqueOrThrow({ where: { id: 'northwind' } })).toMatchObject({ name: 'Nordwind' })
    expect(await portal.as(stranger).configure.sites()).toEqual([])
    expect((await portal.as(stranger).overview.read()).waves).toEqual([])
  })

  it('shows destinations with their networks', async () => {
    const [destination, ...others] = await portal.as(PEOPLE.henry).configure.destinations()
    expect(others).toEqual([])
    expect(destination).toMatchObject({ targetSiteName: 'Northwind Zürich', defaultNetwork: 'apps-prod', storages: ['nvme-gold', 'ssd-silver'] })
  })
})
