import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { MAX_BODY_BYTES, PROTOCOL_VERSION } from '@driftless/agent-api'
import type { DesiredSource } from '@driftless/agent-api'
import { DEFAULT_PROBE_SHARE } from '@driftless/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificateRequest, enrolFakeAgent, poster, reportOf } from '../testing/fake-agent.ts'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { observeSource } from '../testing/fake-pair.ts'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, eventually, inventoryVm, openWorld, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const refused = (code: string) => expect.objectContaining({ name: 'GatewayRefusal', code })
const ASK = { protocol: PROTOCOL_VERSION, haveVersion: null, waitSeconds: 0 }

describe('enrolling', () => {
  let world: World
  beforeAll(async () => { world = await openWorld() })
  afterAll(() => world.close())

  it('gives an identity whose chain is pinned by the token', async () => {
    const token = await world.token(DEMO_TARGET_SITE)
    const agent = await enrolFakeAgent(world.port, token)
    const [, , pin] = token.split('.')
    const authority = new X509Certificate(agent.answer.caCertificatePem)
    const own = new X509Certificate(agent.answer.certificatePem)
    expect(authority.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(pin)
    expect(own.verify(authority.publicKey)).toBe(true)
    expect(own.subject).toBe(`CN=${agent.id}`)
    expect(agent.role).toBe('TARGET')
    await expect(agent.calls.desired(ASK)).resolves.toMatchObject({ sources: [], targets: [] })
    agent.close()
  })

  it('serves a certificate for its names, with the authority in the chain', async () => {
    const stored = await world.owner.certificateAuthority.findUniqueOrThrow({ where: { id: 'gateway' } })
    const peer = await new Promise<X509Certificate | undefined>((resolve, reject) => {
      const socket = connect({ port: world.port, host: 'localhost', servername: 'localhost', ca: stored.certificatePem }, () => {
        resolve(socket.getPeerX509Certificate())
        socket.destroy()
      })
      socket.on('error', reject)
    })
    expect(peer?.checkHost('localhost')).toBe('localhost')
    expect(peer?.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(peer?.issuerCertificate?.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(stored.fingerprint)
  })

  it('refuses a token that is wrong, expired or used, and says what to do', async () => {
    const good = await world.token(DEMO_SOURCE_SITE)
    await expect(enrolFakeAgent(world.port, good.replace(/^dl1\.[^.]{4}/, 'dl1.AAAA'))).rejects.toEqual(refused('TOKEN_WRONG'))
    await expect(enrolFakeAgent(world.port, 'not a token')).rejects.toEqual(refused('TOKEN_WRONG'))
    await expect(enrolFakeAgent(world.port, await world.token(DEMO_SOURCE_SITE, -1))).rejects.toEqual(refused('TOKEN_EXPIRED'))
    const agent = await enrolFakeAgent(world.port, good)
    agent.close()
    await expect(enrolFakeAgent(world.port, good)).rejects.toEqual(refused('TOKEN_USED'))
    await expect(enrolFakeAgent(world.port, good)).rejects.toThrow('Make a new one in Configure › Agents')
  })

  it('lets one of 20 claims at the same time win', async () => {
    const token = await world.token(DEMO_SOURCE_SITE)
    const before = await world.owner.agent.count()
    const claims = await Promise.allSettled(Array.from({ length: 20 }, () => enrolFakeAgent(world.port, token)))
    const won = claims.filter((claim) => claim.status === 'fulfilled')
    for (const { value } of won) value.close()
    expect(won).toHaveLength(1)
    for (const claim of claims) if (claim.status === 'rejected') expect(claim.reason).toEqual(refused('TOKEN_USED'))
    expect(await world.owner.agent.count()).toBe(before + 1)
  })

  it('spends no token on a request that cannot be signed', async () => {
    const token = await world.token(DEMO_SOURCE_SITE)
    const { requestPem } = await certificateRequest()
    // Well inside the signature: the last letters of a base64 text may stand for no bits at all.
    const damaged = requestPem.replace(/[A-Za-z0-9+/](?=[A-Za-z0-9+/=\n]{20,22}\n-----END)/, (letter) => (letter === 'A' ? 'B' : 'A'))
    expect(damaged).not.toBe(requestPem)
    const anonymous = poster(world.port)
    for (const pem of ['no PEM', damaged]) {
      const answer = await anonymous.post('/v1/enrol', { token, protocol: PROTOCOL_VERSION, version: 'test', host: 'h', certificateRequestPem: pem }, { timeoutMs: 5_000 })
      expect([answer.status, answer.body]).toEqual([403, expect.objectContaining({ code: expect.stringMatching(/^REQUEST_/) })])
    }
    anonymous.close()
    const agent = await enrolFakeAgent(world.port, token)
    agent.close()
  })

  it('keeps one authority when two coordinators start at once', async () => {
    const [first, second] = await Promise.all([world.another(), world.another()])
    expect(await world.owner.certificateAuthority.count()).toBe(1)
    const agent = await enrolFakeAgent(first.port, await world.token(DEMO_SOURCE_SITE))
    const elsewhere = poster(second.port, agent.identity)
    expect((await elsewhere.post('/v1/desired', ASK, { timeoutMs: 5_000 })).status).toBe(200)
    elsewhere.close()
    agent.close()
  })

  it('stops one address that tries and tries', async () => {
    const anonymous = poster(world.port)
    const answers = new Set<number>()
    for (let attempt = 0; attempt < 130; attempt += 1) answers.add((await anonymous.post('/v1/enrol', {}, { timeoutMs: 5_000 })).status)
    anonymous.close()
    expect(answers).toContain(429)
  })
})

describe('an agent that calls', () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  beforeAll(async () => {
    world = await openWorld()
    agents = await world.enrolBoth()
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm('vm-a')] } }))
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
  })
  afterAll(async () => {
    agents.source.close()
    agents.target.close()
    await world.close()
  })
  const answerTo = async (path: string, body: unknown, identity: FakeAgent['identity'] | null = agents.source.identity) => {
    const own = poster(world.port, identity)
    try {
      return await own.post(path, body, { timeoutMs: 10_000 })
    } finally {
      own.close()
    }
  }

  it('is nobody without a certificate', async () => {
    for (const path of ['/v1/desired', '/v1/report']) expect(await answerTo(path, ASK, null)).toEqual({ status: 401, body: expect.objectContaining({ code: 'NO_CERTIFICATE' }) })
  })

  it('is nobody with a certificate of another installation, or one that was replaced', async () => {
    const elsewhere = await openWorld()
    const stranger = await enrolFakeAgent(elsewhere.port, await elsewhere.token(DEMO_SOURCE_SITE))
    stranger.close()
    await elsewhere.close()
    expect(await answerTo('/v1/desired', ASK, stranger.identity)).toMatchObject({ status: 401, body: { code: 'CERTIFICATE_REFUSED' } })
    const replaced = await enrolFakeAgent(world.port, await world.token(DEMO_SOURCE_SITE))
    replaced.close()
    await world.owner.agent.update({ where: { id: replaced.id }, data: { certificateFingerprint: '' } })
    expect(await answerTo('/v1/desired', ASK, replaced.identity)).toMatchObject({ status: 401, body: { code: 'CERTIFICATE_REFUSED' } })
  })

  it('must speak this protocol, and is told who has to be updated', async () => {
    expect(await answerTo('/v1/desired', { ...ASK, protocol: PROTOCOL_VERSION + 1, something: 'new' })).toMatchObject({ status: 426, body: { code: 'PROTOCOL_MISMATCH', message: expect.stringContaining('Update the coordinator') } })
    expect(await answerTo('/v1/report', { protocol: 0 })).toMatchObject({ status: 426, body: { message: expect.stringContaining('Update the agent') } })
  })

  it('may not send what is too long, broken or unknown', async () => {
    expect(await answerTo('/v1/report', 'x'.repeat(MAX_BODY_BYTES + 1))).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } })
    expect(await answerTo('/v1/enrol', { token: 'x'.repeat(20_000) }, null)).toMatchObject({ status: 413 })
    expect(await answerTo('/v1/report', '{"protocol":1,')).toMatchObject({ status: 400, body: { code: 'MALFORMED' } })
    expect(await answerTo('/v1/report', { ...reportOf({}), sources: [{ migrationId: 7 }] })).toMatchObject({ status: 400, body: { code: 'MALFORMED', message: expect.stringContaining('migrationId') } })
    expect(await answerTo('/v1/reports', {})).toMatchObject({ status: 404, body: { code: 'NO_SUCH_CALL' } })
  })

  it('fills the inventory, and what it no longer sees is gone', async () => {
    const vm = await world.owner.vm.findFirstOrThrow({ where: { ref: 'vm-a' }, include: { disks: true } })
    expect(vm).toMatchObject({ tenantId: 'alpine', power: 'ON', health: 'HEALTHY', goneAt: null, disks: [{ key: 'disk0', sizeBytes: 1_048_576n, usedBytes: 524_288n }] })
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm('vm-a'), inventoryVm('vm-gone')] } }))
    await world.owner.vm.updateMany({ where: { ref: 'vm-gone' }, data: { seenAt: new Date(Date.now() - 120_000) } })
    await agents.source.calls.report(reportOf({ inventory: { vms: [{ ...inventoryVm('vm-a'), writtenBytes: 1_000 }] } }))
    expect((await world.owner.vm.findFirstOrThrow({ where: { ref: 'vm-gone' } })).goneAt).not.toBeNull()
    expect((await world.owner.vm.findFirstOrThrow({ where: { ref: 'vm-a' } })).id).toBe(vm.id)
  })

  it('is not believed about a migration that is not its own', async () => {
    const { migrationIds: [migrationId = ''] } = await startedWave(world, ['vm-a'])
    const other = await enrolFakeAgent(world.port, await world.token(DEMO_SOURCE_SITE))
    const desired: DesiredSource = { migrationId, waveId: 'wave', vmRef: 'vm-a', stage: 'REPLICATE', attempt: 0, target: null, disks: [{ key: 'disk0', sizeBytes: 1_048_576 }], rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 1 }
    await expect(other.calls.report(reportOf({ sources: [observeSource(desired)] }))).resolves.toEqual({ ok: true })
    // Nor is its source agent about what the target observes.
    await agents.source.calls.report(reportOf({ targets: [{ migrationId, stage: 'BOOT', attempt: 9, connected: true, storedBytes: 0, hashes: null, shadow: null, problem: null }] }))
    const stored = await world.owner.migration.findUniqueOrThrow({ where: { id: migrationId }, include: { replications: true } })
    expect([stored.sourceObserved, stored.targetObserved, stored.replications[0]?.sentBytes]).toEqual([null, null, 0n])
    await agents.source.calls.report(reportOf({ sources: [observeSource(desired)] }))
    expect((await world.owner.migration.findUniqueOrThrow({ where: { id: migrationId }, include: { replications: true } })).replications[0]).toMatchObject({ status: 'CONTINUOUS', sentBytes: 2048n })
    other.close()
  })

  it('is told at once when something changes, and not before', async () => {
    // The migration of the test before is in step by now, and nothing moves it any more.
    await eventually(() => world.owner.migration.findFirst({ where: { status: 'READY_FOR_CUTOVER', waitReason: 'BOOK_WINDOW' } }))
    const wave = await world.owner.wave.findFirstOrThrow()
    const { version } = await agents.source.calls.desired(ASK)
    const held = agents.source.calls.desired({ ...ASK, haveVersion: version, waitSeconds: 20 })
    const early = await Promise.race([held.then(() => 'answered'), new Promise((resolve) => setTimeout(() => resolve('held'), 300))])
    expect(early).toBe('held')
    const changedAt = performance.now()
    await world.owner.wave.update({ where: { id: wave.id }, data: { rateBytesPerSecond: 1_000n } })
    expect((await held).sources[0]?.rateBytesPerSecond).toBe(1_000)
    // Far below the 5 s after which the state is derived again anyway.
    expect(performance.now() - changedAt).toBeLessThan(3_000)
  })

  it('may hang up in mid-wait a hundred times, and nothing stays behind', async () => {
    const { version } = await agents.source.calls.desired(ASK)
    await Promise.all(Array.from({ length: 100 }, async () => {
      const own = poster(world.port, agents.source.identity)
      const held = own.post('/v1/desired', { ...ASK, haveVersion: version, waitSeconds: 25 }, { timeoutMs: 30_000 })
      held.catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 50))
      own.close()
    }))
    await eventually(async () => (await world.connections()) <= 4)
  })

  it('sends the same samples twice, and they count once', async () => {
    const sample = { vmRef: 'vm-a', migrationId: 'not-one-of-mine', atMs: Date.now() - 1_000, intervalSeconds: 5, backgroundBytesPerSecond: 1, foregroundBytesPerSecond: 2, backlogBytes: 3, lagSeconds: 0, guestWriteBytesPerSecond: 4, uniqueWriteBytes: 4096, guestWriteLatencyMs: null }
    const samples = [sample, { ...sample, vmRef: 'unknown' }, { ...sample, atMs: Date.now() + 3_600_000 }, { ...sample, atMs: 0 }]
    await agents.source.calls.report(reportOf({ samples }))
    await agents.source.calls.report(reportOf({ samples }))
    expect(await world.owner.telemetrySample.findMany()).toEqual([expect.objectContaining({ migrationId: null, tenantId: 'alpine', uniqueWriteBytes: 4096n, guestWriteLatencyMs: null })])
  })

  it('sends the same observed minutes twice, and they count once; a target has none', async () => {
    const minuteMs = Math.floor(Date.now() / 60_000) * 60_000 - 60_000
    const observation = { minutes: [{ vmRef: 'vm-a', minuteMs, lengthSeconds: 60, coveredSeconds: 60, source: 'FILTER' as const, writtenBytes: 8192, uniqueBytes: [4096, null, null, null, null, null], blocksPerStamp: 1, latencyMs: 0.5 }], contents: [], probes: [] }
    await agents.target.calls.report(reportOf({ observation }))
    expect(await world.owner.vmObservation.count()).toBe(0)
    for (let time = 0; time < 2; time += 1) await agents.source.calls.report(reportOf({ observation }))
    expect(await world.owner.vmObservation.findMany()).toEqual([expect.objectContaining({ tenantId: 'alpine', minute: new Date(minuteMs), writtenBytes: 8192n, unique1m: 4096n, unique5m: null })])
  })

  it('is told whom to probe while VMs are observed, the target of whom it is probed, both with one key', async () => {
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 } }))
    const site = await world.owner.site.findUniqueOrThrow({ where: { id: DEMO_SOURCE_SITE } })
    const estimate = await world.owner.estimate.create({ data: { providerId: site.providerId, tenantId: site.tenantId ?? '', siteId: site.id, name: 'e', startedAt: new Date(), endsAt: new Date(Date.now() + 600_000), shippingDays: 3, createdById: 'u' } })
    const [probed] = (await agents.source.calls.desired(ASK)).probes ?? []
    const [probing] = ((await agents.target.calls.desired(ASK)).probes ?? []).filter(({ key }) => key === probed?.key)
    expect(probed?.stream).toEqual({ host: '127.0.0.1', port: 4603 })
    expect(probing?.stream).toBeNull()
    // What was agreed on for the site is shared out among its agents; where that is nothing, neither end hears of a probe.
    const agentsThere = await world.owner.agent.count({ where: { siteId: site.id, revokedAt: null, quarantinedAt: null } })
    expect((await agents.source.calls.desired(ASK)).probeShare).toBe(DEFAULT_PROBE_SHARE / agentsThere)
    expect((await agents.target.calls.desired(ASK)).probeShare).toBeUndefined()
    await world.owner.site.update({ where: { id: site.id }, data: { probeShare: 0 } })
    expect([(await agents.source.calls.desired(ASK)).probes, (await agents.target.calls.desired(ASK)).probes]).toEqual([undefined, undefined])
    await world.owner.site.update({ where: { id: site.id }, data: { probeShare: 0.01 } })
    expect((await agents.source.calls.desired(ASK)).probeShare).toBe(0.01 / agentsThere)
    await world.owner.estimate.update({ where: { id: estimate.id }, data: { status: 'CANCELLED' } })
    expect((await agents.source.calls.desired(ASK)).probes).toBeUndefined()
  })
})
