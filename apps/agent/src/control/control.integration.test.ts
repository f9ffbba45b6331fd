import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { gatewayClient } from '@driftless/agent-api'
import type { DesiredState, TelemetrySample } from '@driftless/agent-api'
import { startGateway } from '../testing/gateway.ts'
import { eventually } from '../testing/pair.ts'
import { Backoff } from './backoff.ts'
import { DesiredWatch } from './desired-watch.ts'
import { enrol } from './enrol.ts'
import { gatewayHttp } from './gateway-http.ts'
import { readIdentity, storeIdentity } from './identity.ts'
import { Reporter } from './reporter.ts'
import type { AgentRole, RoleReport } from './role.ts'

const log = pino({ enabled: false })
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp() {
  const gateway = await startGateway()
  cleanups.push(gateway.close)
  const directory = await mkdtemp(join(tmpdir(), 'dl-control-'))
  cleanups.push(() => rm(directory, { recursive: true, force: true }))
  return { gateway, directory, options: { gatewayUrl: gateway.url, token: gateway.invite('agent-1', 'SOURCE'), host: 'site-a', version: '0' } }
}

async function enrolled() {
  const { gateway, directory, options } = await setUp()
  const { identity } = await enrol(options)
  const http = gatewayHttp(gateway.url, { ca: identity.caCertificatePem, cert: identity.certificatePem, key: identity.keyPem })
  cleanups.push(() => http.close())
  return { gateway, directory, client: gatewayClient(http.post) }
}

describe('enrolment', () => {
  test('trades the token for an identity that the gateway accepts; stored for its owner alone', async () => {
    const { gateway, directory, options } = await setUp()
    const { identity } = await enrol(options)
    expect(identity).toMatchObject({ agentId: 'agent-1', role: 'SOURCE' })
    await storeIdentity(directory, identity)
    expect((await stat(join(directory, 'identity.json'))).mode & 0o777).toBe(0o600)
    const stored = await readIdentity(directory)
    expect(stored).toEqual(identity)
    const http = gatewayHttp(gateway.url, { ca: identity.caCertificatePem, cert: identity.certificatePem, key: identity.keyPem })
    cleanups.push(() => http.close())
    expect((await gatewayClient(http.post).desired({ haveVersion: null, waitSeconds: 0 })).version).toBe('v1')
  })

  test('a gateway of another authority is refused before the secret is sent', async () => {
    const { gateway, options } = await setUp()
    const foreign = options.token.slice(0, -64) + '0'.repeat(64)
    await expect(enrol({ ...options, token: foreign })).rejects.toThrow(/not the one that issued this token.*Nothing was sent/)
    expect(gateway.enrolCalls()).toBe(0)
  })

  test.each([
    { name: 'wrong', change: (token: string) => `dl1.${'A'.repeat(43)}${token.slice(47)}`, message: /not known/ },
    { name: 'cut short', change: (token: string) => token.slice(0, 60), message: /not complete/ },
  ])('a $name token gets a message that says what to do', async ({ change, message }) => {
    const { options } = await setUp()
    await expect(enrol({ ...options, token: change(options.token) })).rejects.toThrow(message)
  })

  test('a used token is refused with the gateway’s own words', async () => {
    const { options } = await setUp()
    await enrol(options)
    await expect(enrol(options)).rejects.toMatchObject({ code: 'TOKEN_USED', status: 403 })
  })
})

describe('desired state', () => {
  test('is applied when it changes, stored, and taken up again while the gateway is away', async () => {
    const { gateway, directory, client } = await enrolled()
    const applied: string[] = []
    const apply = (desired: DesiredState) => void applied.push(desired.version)
    const first = new DesiredWatch({ client, dataDirectory: directory, apply, log })
    await first.start()
    await eventually('the first state is applied', () => applied.includes('v1'))
    gateway.setDesired('agent-1', { version: 'v2', sources: [], targets: [], siteRateBytesPerSecond: 5, observeVmRefs: [] })
    await eventually('the second state is applied', () => applied.includes('v2'))
    await first.stop()
    expect(applied).toEqual(['v1', 'v2'])
    gateway.setFailing(true)
    const second = new DesiredWatch({ client, dataDirectory: directory, apply, log })
    await second.start()
    expect(applied).toEqual(['v1', 'v2', 'v2'])
    expect(second.version).toBe('v2')
    await second.stop()
  })
})

describe('reports', () => {
  function fakeRole(): AgentRole & { samples: TelemetrySample[] } {
    const role = {
      samples: [] as TelemetrySample[],
      start: async () => {},
      apply: () => {},
      close: async () => {},
      report: async (): Promise<RoleReport> => {
        const samples = role.samples
        role.samples = []
        return { stream: null, storage: null, inventory: { vms: [] }, sources: [], targets: [], samples, active: false }
      },
    }
    return role
  }
  const sample: TelemetrySample = { vmRef: 'vm', migrationId: null, atMs: 1, intervalSeconds: 2, backgroundBytesPerSecond: 0, foregroundBytesPerSecond: 0, backlogBytes: 0, lagSeconds: 0, guestWriteBytesPerSecond: 0, uniqueWriteBytes: 0, guestWriteLatencyMs: null }

  test('inventory travels when it changed; a notice brings the next report at once; samples outlive a refusal', async () => {
    const { gateway, client } = await enrolled()
    const role = fakeRole()
    const reporter = new Reporter({ client, role, version: '0', now: () => 1, log, desiredVersion: () => 'v1', restoreSamples: (samples) => void (role.samples = [...samples, ...role.samples]) })
    cleanups.push(() => reporter.stop())
    reporter.start()
    await eventually('the first report', () => gateway.reports.length === 1)
    expect(gateway.reports[0]?.inventory).toEqual({ vms: [] })
    gateway.setFailing(true)
    role.samples = [sample]
    reporter.notify()
    const before = gateway.refusals()
    await eventually('a report with the sample was refused', () => gateway.refusals() > before + 1)
    gateway.setFailing(false)
    await eventually('the sample arrives', () => gateway.reports.some((report) => report.samples.length === 1))
    expect(gateway.reports.at(-1)?.inventory).toBeNull()
  })
})

test('backoff doubles up to its limit, with jitter, and starts over when it worked', () => {
  const backoff = new Backoff(100, 1000, () => 1)
  expect([1, 2, 3, 4, 5, 6].map(() => backoff.nextMs())).toEqual([100, 200, 400, 800, 1000, 1000])
  backoff.reset()
  expect(backoff.nextMs()).toBe(100)
  expect(new Backoff(100, 1000, () => 0).nextMs()).toBe(50)
})
