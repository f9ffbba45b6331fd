/**
 * This version works with the one before, both ways, over real HTTPS: an agent of before against this gateway, and this agent's
 * own code against a gateway of before. What the other side says and understands is frozen in `agent-api/previous`.
 */
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROTOCOL_VERSION, gatewayClient } from '@driftless/agent-api'
import type { DesiredState } from '@driftless/agent-api'
import * as before from '@driftless/agent-api/previous'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DesiredWatch } from '../../apps/agent/src/control/desired-watch.ts'
import { enrol } from '../../apps/agent/src/control/enrol.ts'
import { IdentityKeeper } from '../../apps/agent/src/control/identity-keeper.ts'
import { Reporter } from '../../apps/agent/src/control/reporter.ts'
import { serveGateway } from '../../apps/agent/src/testing/gateway-transport.ts'
import type { GatewayAnswer } from '../../apps/agent/src/testing/gateway-transport.ts'
import { eventually } from '../../apps/agent/src/testing/pair.ts'
import { certificateRequest, poster, reportOf } from '../../apps/coordinator/src/testing/fake-agent.ts'
import { observeSource, observeTarget } from '../../apps/coordinator/src/testing/fake-pair.ts'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, eventually as eventuallyFound, inventoryVm, openWorld, startedWave } from '../../apps/coordinator/src/testing/world.ts'
import type { World } from '../../apps/coordinator/src/testing/world.ts'

test('the version before is one before this one', () => {
  expect([before.PROTOCOL_VERSION, PROTOCOL_VERSION]).toEqual([1, 2])
})

describe('an agent of before at this gateway', () => {
  let world: World
  const closing: (() => void)[] = []
  beforeAll(async () => { world = await openWorld() })
  afterAll(async () => {
    for (const close of closing) close()
    await world?.close()
  })

  /** With the client, the schemas and the number of before. */
  async function agentOfBefore(siteId: string) {
    const { keyPem, requestPem } = await certificateRequest()
    const anonymous = poster(world.port)
    const answer = await before.gatewayClient(anonymous.post).enrol({ token: await world.token(siteId), protocol: before.PROTOCOL_VERSION, version: '0.1.0', host: 'of before', certificateRequestPem: requestPem })
    anonymous.close()
    const own = poster(world.port, { keyPem, certificatePem: answer.certificatePem })
    closing.push(own.close)
    return { answer, ...before.gatewayClient(own.post) }
  }
  const ask = { protocol: before.PROTOCOL_VERSION, haveVersion: null, waitSeconds: 0 }
  const report = (given: Parameters<typeof reportOf>[0]): before.Report => before.report.parse({ ...reportOf(given), protocol: before.PROTOCOL_VERSION })

  test('enrols, fills the inventory, and follows a migration from both sides', async () => {
    const source = await agentOfBefore(DEMO_SOURCE_SITE)
    const target = await agentOfBefore(DEMO_TARGET_SITE)
    await source.report(report({ inventory: { vms: [inventoryVm('vm-a')] } }))
    await target.report(report({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    const { migrationIds: [migrationId = ''] } = await startedWave(world, ['vm-a'])
    const atSource = await eventuallyFound(async () => (await source.desired(ask)).sources.find((one) => one.migrationId === migrationId && one.target !== null))
    const atTarget = await eventuallyFound(async () => (await target.desired(ask)).targets.find((one) => one.migrationId === migrationId))
    expect([atSource.stage, atTarget.stage]).toEqual(['REPLICATE', 'RECEIVE'])
    await target.report(report({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 }, targets: [observeTarget(atTarget)] }))
    await source.report(report({ sources: [observeSource(atSource)] }))
    await eventuallyFound(() => world.owner.migration.findFirst({ where: { id: migrationId, status: 'READY_FOR_CUTOVER' } }))
  })

  test('is let live until it is updated, as it cannot renew, and stands in its row as what it is', async () => {
    const agent = await agentOfBefore(DEMO_SOURCE_SITE)
    const days = (new X509Certificate(agent.answer.certificatePem).validToDate.getTime() - Date.now()) / 86_400_000
    expect(days).toBeCloseTo(90, 1)
    expect(await agent.report(report({}))).toEqual({ ok: true })
    expect(await world.owner.agent.findUniqueOrThrow({ where: { id: agent.answer.agentId } })).toMatchObject({ protocol: 1 })
  })

  test('that is updated is told to renew at once, and has a certificate of now', async () => {
    const { keyPem, requestPem } = await certificateRequest()
    const anonymous = poster(world.port)
    const { certificatePem } = await before.gatewayClient(anonymous.post).enrol({ token: await world.token(DEMO_SOURCE_SITE), protocol: 1, version: '0.1.0', host: 'updated', certificateRequestPem: requestPem })
    anonymous.close()
    const own = poster(world.port, { keyPem, certificatePem })
    closing.push(own.close)
    expect(await gatewayClient(own.post).report(reportOf({}))).toEqual({ ok: true, renewCertificate: true })
  })
})

describe('this agent at a gateway of before', () => {
  const cleanups: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  test('enrols, asks and reports in the protocol of before, and renews nothing', async () => {
    const gateway = await startGatewayOfBefore()
    cleanups.push(gateway.close)
    const dataDirectory = await mkdtemp(join(tmpdir(), 'dl-before-'))
    cleanups.push(() => rm(dataDirectory, { recursive: true, force: true }))
    const log = pino({ enabled: false })
    const { identity } = await enrol({ gatewayUrl: gateway.url, token: gateway.token, host: 'h', version: '0.1.0', agentId: 'agent-1' })
    const keeper = new IdentityKeeper({ gatewayUrl: gateway.url, dataDirectory, identity, token: undefined, host: 'h', version: '0.1.0', log, obey: () => Promise.resolve(), replaced: () => {} })
    cleanups.push(() => keeper.close())
    keeper.start()
    const applied: DesiredState[] = []
    const watch = new DesiredWatch({ client: keeper.client, dataDirectory, apply: (desired) => void applied.push(desired), log })
    cleanups.push(() => watch.stop())
    await watch.start()
    const vms = [inventoryVm('vm-a')]
    const reporter = new Reporter({
      client: keeper.client, version: '0.1.0', now: Date.now, log, desiredVersion: () => watch.version, restoreSamples: () => {},
      role: { start: async () => {}, apply: () => {}, close: async () => {}, report: async () => ({ stream: null, storage: null, inventory: { vms }, sources: [observeSource(gateway.source)], targets: [observeTarget(gateway.target)], samples: [], active: true }) },
    })
    cleanups.push(() => reporter.stop())
    reporter.start()
    await eventually('it is told what to do', () => applied.length > 0)
    expect(applied[0]).toEqual(gateway.desired)
    await eventually('it has reported', () => gateway.reports.length >= 2)
    expect(gateway.reports[0]).toMatchObject({ inventory: { vms: [{ ref: 'vm-a' }] }, sources: [{ migrationId: 'm-1' }], targets: [{ migrationId: 'm-1' }] })
    // Each call of another protocol is refused once, and then not made again.
    expect(gateway.refusedPaths).toEqual(['/v1/enrol', expect.stringMatching(/desired|report/), ...gateway.refusedPaths.slice(2)])
    expect(gateway.refusedPaths.length).toBeLessThanOrEqual(3)
    expect(gateway.unknownPaths).toEqual([])
  })
})

/** A gateway as it was: its schemas, its number and no other, and none of the paths that came later. */
async function startGatewayOfBefore() {
  const disks = [{ key: 'disk0', sizeBytes: 1_048_576 }]
  const source = before.desiredSource.parse({ migrationId: 'm-1', waveId: 'w-1', vmRef: 'vm-a', stage: 'REPLICATE', attempt: 0, target: null, disks, rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: 60 })
  const target = before.desiredTarget.parse({ migrationId: 'm-1', sourceAgentId: 's', stage: 'RECEIVE', attempt: 0, acknowledgedSequence: 0, shape: { name: 'vm', guestOs: 'lab', cpus: 1, memoryBytes: 1, network: 'n', storage: 's', disks, hypervisor: {} } })
  const desired = before.desiredState.parse({ version: 'v1', sources: [source], targets: [target], siteRateBytesPerSecond: null, observeVmRefs: [] })
  const reports: before.Report[] = []
  const refusedPaths: string[] = []
  const unknownPaths: string[] = []

  async function answer(path: string, body: unknown, peer: string | null): Promise<GatewayAnswer> {
    if (!Object.values<string>(before.GATEWAY_PATHS).includes(path)) {
      unknownPaths.push(path)
      return { status: 404, body: { code: 'NO_SUCH_CALL', message: `The gateway has no ${path}.` } }
    }
    if (before.desiredRequest.pick({ protocol: true }).parse(body).protocol !== before.PROTOCOL_VERSION) {
      refusedPaths.push(path)
      return { status: 426, body: { code: 'PROTOCOL_MISMATCH', message: 'Update the coordinator, or run an older agent.' } }
    }
    if (path === before.GATEWAY_PATHS.enrol) {
      const request = before.enrolRequest.parse(body)
      return { status: 200, body: before.enrolAnswer.parse({ agentId: 'agent-1', role: 'SOURCE', certificatePem: await authority.signRequest('agent-1', request.certificateRequestPem), caCertificatePem: authority.caPem }) }
    }
    if (peer === null) return { status: 401, body: { code: 'NO_CERTIFICATE', message: 'Enrol first.' } }
    if (path === before.GATEWAY_PATHS.report) {
      reports.push(before.report.parse(body))
      return { status: 200, body: before.reportAnswer.parse({ ok: true }) }
    }
    if (before.desiredRequest.parse(body).haveVersion === desired.version) await new Promise((resolve) => setTimeout(resolve, 250))
    return { status: 200, body: desired }
  }

  const { authority, fingerprint, url, close } = await serveGateway(answer)
  return {
    url, close,
    token: `dl1.${'A'.repeat(43)}.${fingerprint}`,
    source, target, desired, reports, refusedPaths, unknownPaths,
  }
}
