/**
 * What an agent is trusted with, over real TLS, with the real gateway and the agents' own code: certificates are renewed while
 * streams run, an agent that was away for too long comes back with what it remembers, and one that is revoked is cut off from its
 * partner too.
 */
import { X509Certificate, randomFillSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inScope, revokeAgent } from '@driftless/db'
import { openFileDevice } from '@driftless/nbd'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { IntentLog, regionBytesFor } from '../../apps/agent/src/block/intent-log.ts'
import { TokenBucket } from '../../apps/agent/src/block/token-bucket.ts'
import { DesiredWatch } from '../../apps/agent/src/control/desired-watch.ts'
import { enrol } from '../../apps/agent/src/control/enrol.ts'
import { IdentityKeeper } from '../../apps/agent/src/control/identity-keeper.ts'
import { readIdentity, storeIdentity } from '../../apps/agent/src/control/identity.ts'
import { Reporter } from '../../apps/agent/src/control/reporter.ts'
import type { AgentRole, RoleReport } from '../../apps/agent/src/control/role.ts'
import { hashWholeDisk } from '../../apps/agent/src/proof/piece-table.ts'
import { DiskReplicator } from '../../apps/agent/src/replicator/disk-replicator.ts'
import { filteredTap } from '../../apps/agent/src/tap/served-tap.ts'
import { desiredTarget, eventually, startTarget } from '../../apps/agent/src/testing/pair.ts'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, OPERATOR, openWorld } from '../../apps/coordinator/src/testing/world.ts'
import type { World } from '../../apps/coordinator/src/testing/world.ts'

const MIB = 1024 * 1024
const SIZE = 16 * MIB
/** Days in the product. Long enough here to renew in time on a machine that does much else. */
const LIFE_MS = 12_000
const never = new AbortController().signal
const PATIENCE_SECONDS = 60

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const IDLE: RoleReport = { stream: null, storage: null, inventory: null, sources: [], targets: [], samples: [], active: true }
const idleRole: AgentRole = { start: async () => {}, apply: () => {}, close: async () => {}, report: async () => IDLE }

/** What an agent says, for the test to read. */
function listeningLog() {
  const lines: string[] = []
  return { lines, log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }) }
}

async function openWorldFor(certificateLifeMs?: number): Promise<World> {
  const world = await openWorld(certificateLifeMs === undefined ? {} : { certificateLifeMs })
  cleanups.push(() => world.close())
  return world
}

/** An agent's control part as `main.ts` puts it together, with its data in a folder that outlives it. */
async function startControl(world: World, dataDirectory: string, token: string, replaced: () => void = () => {}) {
  const { log, lines } = listeningLog()
  const gatewayUrl = `https://localhost:${world.port}`
  const identity = (await readIdentity(dataDirectory)) ?? (await enrol({ gatewayUrl, token, host: 'h', version: '0' })).identity
  await storeIdentity(dataDirectory, identity)
  const keeper = new IdentityKeeper({ gatewayUrl, dataDirectory, identity, token, host: 'h', version: '0', log, obey: () => Promise.resolve(), replaced })
  const watch = new DesiredWatch({ client: keeper.client, dataDirectory, apply: () => {}, log })
  const reporter = new Reporter({ client: keeper.client, role: idleRole, version: '0', now: Date.now, log, desiredVersion: () => watch.version, restoreSamples: () => {} })
  keeper.start()
  await watch.start()
  reporter.start()
  const stop = async () => {
    await reporter.stop()
    await watch.stop()
    await keeper.close()
  }
  cleanups.push(stop)
  return { credentials: keeper.credentials, lines, stop }
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'dl-identity-'))
  cleanups.push(() => rm(path, { recursive: true, force: true }))
  return path
}

const serialOf = (certificatePem: string): string => new X509Certificate(certificatePem).serialNumber
const endOf = (certificatePem: string): number => new X509Certificate(certificatePem).validToDate.getTime()

/** Both agents, and one disk that replicates between them. */
async function startPair(certificateLifeMs?: number) {
  const world = await openWorldFor(certificateLifeMs)
  const folders = { source: await folder(), target: await folder() }
  let listening: { useNewCredentials: () => void } | null = null
  const targetControl = await startControl(world, folders.target, await world.token(DEMO_TARGET_SITE), () => listening?.useNewCredentials())
  const sourceToken = await world.token(DEMO_SOURCE_SITE)
  const sourceControl = await startControl(world, folders.source, sourceToken)
  const target = await startTarget({ credentials: targetControl.credentials })
  cleanups.push(() => target.close())
  listening = target
  const sourceAgentId = sourceControl.credentials.agentId
  const shape = [{ key: 'disk-0', sizeBytes: SIZE }]
  const apply = (peerRevoked?: true) => target.apply(desiredTarget('m-1', shape, { sourceAgentId, ...(peerRevoked ? { peerRevoked } : {}) }))
  apply()
  const device = await openFileDevice(join(folders.source, 'disk.raw'), { create: { sizeBytes: SIZE } })
  cleanups.push(() => device.close())
  for (let offset = 0; offset < SIZE; offset += 2 * MIB) await device.write(offset, randomFillSync(Buffer.alloc(MIB)))
  /** The source agent's disk, started, or started again on what the last one has left. */
  const startDisk = async (credentials: typeof sourceControl.credentials) => {
    const log = await IntentLog.open({ path: join(folders.source, 'tap.intents'), sizeBytes: SIZE })
    const tap = filteredTap({ key: 'disk-0', usedBytes: SIZE, device }, { throttle: new TokenBucket(), statePath: '' }, log)
    const replicator = new DiskReplicator({
      disk: { migrationId: 'm-1', diskKey: 'disk-0', sizeBytes: SIZE },
      tap, credentials, buckets: [], tablePath: join(folders.source, 'pieces'), now: Date.now,
    })
    replicator.setTarget(target.target)
    replicator.setUrgent(true)
    replicator.start()
    const stop = async () => {
      await replicator.stop()
      await log.close()
    }
    cleanups.push(stop)
    return { replicator, guest: tap.guest, stop }
  }
  const same = async () => {
    const replica = await openFileDevice(target.replicaPath('m-1', 'disk-0'))
    const hash = await hashWholeDisk(replica, never)
    await replica.close()
    return hash === (await hashWholeDisk(device, never))
  }
  return { world, folders, target, targetControl, sourceControl, sourceToken, sourceAgentId, startDisk, same, apply }
}

describe('certificates', () => {
  test('are renewed while replication runs: on disk before they are used, on both ends of the stream, and nothing breaks', async () => {
    const { world, folders, target, targetControl, sourceControl, startDisk, same } = await startPair(LIFE_MS)
    const { replicator, guest } = await startDisk(sourceControl.credentials)
    await eventually('the first sync is done', () => replicator.sync.isClean)
    const first = [sourceControl.credentials.certificatePem, targetControl.credentials.certificatePem]
    const [sourceEnd = 0, targetEnd = 0] = first.map(endOf)
    let brokeUp = 0
    const watching = setInterval(() => (brokeUp += replicator.connected ? 0 : 1), 20)
    await eventually('both have another certificate', () => [sourceControl, targetControl].every(({ credentials }, at) => serialOf(credentials.certificatePem) !== serialOf(first[at] ?? '')), PATIENCE_SECONDS)
    for (const [control, path] of [[sourceControl, folders.source], [targetControl, folders.target]] as const) expect((await readIdentity(path))?.certificatePem).toBe(control.credentials.certificatePem)
    // Past the end of the first ones: what was opened with them goes on, and what is opened now could not be with them.
    await eventually('the first certificates have ended', () => Date.now() > Math.max(sourceEnd, targetEnd) + 500, PATIENCE_SECONDS)
    clearInterval(watching)
    expect([replicator.connected, brokeUp]).toEqual([true, 0])
    await guest.write(5 * MIB, randomFillSync(Buffer.alloc(8192)))
    replicator.setTarget(null)
    await eventually('the link is gone', () => !replicator.connected)
    replicator.setTarget(target.target)
    await eventually('they are in step again, over a new connection', () => replicator.connected && replicator.sync.isClean)
    expect(await same()).toBe(true)
    const actions = await world.owner.auditEntry.groupBy({ by: ['action'], where: { subjectKind: 'agent' }, _count: true })
    expect(actions.map(({ action }) => action).toSorted()).toEqual(['agent.enrol', 'agent.renew'])
    for (const { lines } of [sourceControl, targetControl]) expect(lines.filter((line) => line.includes('cannot be asked') || line.includes('could not be'))).toEqual([])
  }, 120_000)

  test('are renewed though the gateway could not do it when it was time', async () => {
    const world = await openWorldFor(LIFE_MS)
    const control = await startControl(world, await folder(), await world.token(DEMO_SOURCE_SITE))
    const before = control.credentials.certificatePem
    // Everything works but to store the next certificate: as long as that lasts, each try fails.
    await world.owner.$executeRaw`REVOKE UPDATE ON agent FROM driftless_coordinator`
    await world.owner.$executeRaw`GRANT UPDATE (last_contact_at, version, protocol, hypervisor) ON agent TO driftless_coordinator`
    await eventually('a renewal has failed', () => control.lines.some((line) => line.includes('certificate could not be renewed')), PATIENCE_SECONDS)
    expect(control.credentials.certificatePem).toBe(before)
    await world.owner.$executeRaw`GRANT UPDATE ON agent TO driftless_coordinator`
    await eventually('it is renewed all the same', () => control.credentials.certificatePem !== before, PATIENCE_SECONDS)
  }, 120_000)
})

describe('an agent that was away for longer than its certificate lives', () => {
  test('comes back with a new token as who it was, and goes on from its dirty map', async () => {
    const { world, folders, sourceControl, sourceToken, sourceAgentId, startDisk, same } = await startPair(LIFE_MS)
    const first = await startDisk(sourceControl.credentials)
    await eventually('the first sync is done', () => first.replicator.sync.isClean)
    const written = first.replicator.sync.foregroundDoneBytes
    expect(written).toBe(0)
    await first.stop()
    await sourceControl.stop()
    const expiresAtMs = endOf((await readIdentity(folders.source))?.certificatePem ?? '')
    await eventually('its certificate has ended', () => Date.now() > expiresAtMs + 500, PATIENCE_SECONDS)

    // It starts with the token of its first start, which is good for nothing: guests run, what they write is remembered.
    const away = await startControl(world, folders.source, sourceToken)
    const tracking = await startDisk(away.credentials)
    await tracking.guest.write(5 * MIB + 17, Buffer.from('written while nobody would have it'))
    await tracking.guest.write(9 * MIB, Buffer.from('so was this'))
    await eventually('it says what to do', () => away.lines.some((line) => line.includes('Enrol again')), PATIENCE_SECONDS)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect([tracking.replicator.connected, tracking.replicator.everConnected]).toEqual([false, false])
    await tracking.stop()
    await away.stop()

    const back = await startControl(world, folders.source, await world.tokenOf(sourceAgentId))
    const { replicator } = await startDisk(back.credentials)
    await eventually('the replica is identical', () => replicator.connected && replicator.sync.isClean, PATIENCE_SECONDS)
    expect(back.credentials.agentId).toBe(sourceAgentId)
    expect(await same()).toBe(true)
    // Only the two stretches that were written to: no first copy, no comparison of the whole disk.
    expect([replicator.backgroundSentBytes, replicator.sync.foregroundDoneBytes]).toEqual([0, 2 * regionBytesFor(SIZE)])
    expect(await world.owner.agent.count()).toBe(2)
    expect((await world.owner.auditEntry.findMany({ where: { subjectId: sourceAgentId } })).map(({ action }) => action)).toContain('agent.enrol-again')
  }, 120_000)

  test('does not become somebody else by a token for another', async () => {
    const world = await openWorldFor()
    const path = await folder()
    const control = await startControl(world, path, await world.token(DEMO_SOURCE_SITE))
    const { agentId } = control.credentials
    await control.stop()
    await inScope(world.web, OPERATOR, (tx) => revokeAgent(tx, agentId, 'in a test'))
    const token = await world.token(DEMO_SOURCE_SITE)
    const other = await startControl(world, path, token)
    await eventually('it says that this token is not for it', () => other.lines.some((line) => line.includes('not for this agent')), PATIENCE_SECONDS)
    expect([other.credentials.agentId, (await readIdentity(path))?.agentId, await world.owner.agent.count()]).toEqual([agentId, agentId, 1])
    expect(await world.owner.enrolmentToken.count({ where: { usedAt: null } })).toBe(1)
  }, 120_000)
})

describe('a partner that is trusted no more', () => {
  test('loses its stream at once and is not admitted again, until it is trusted again', async () => {
    const { sourceControl, startDisk, apply, same } = await startPair()
    const { replicator, guest } = await startDisk(sourceControl.credentials)
    await eventually('the first sync is done', () => replicator.sync.isClean)
    apply(true)
    await eventually('the stream is cut', () => !replicator.connected, 5)
    await guest.write(3 * MIB, Buffer.from('not for you'))
    await eventually('the source is told why', () => replicator.problem?.code === 'PEER_REVOKED')
    expect(replicator.connected).toBe(false)
    apply()
    await eventually('they are in step again', () => replicator.connected && replicator.sync.isClean)
    expect(await same()).toBe(true)
  }, 60_000)
})
