/** Agents as programs at a real coordinator: their certificates are renewed live, and a revocation reaches both ends of the stream in time. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlWave, inScope, revokeAgent } from '@driftless/db'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, OPERATOR, SCHEDULER, eventually, openWorld, startedWave } from '../../apps/coordinator/src/testing/world.ts'
import type { World } from '../../apps/coordinator/src/testing/world.ts'
import { LAB } from '../data-plane/sites.ts'
import type { Site } from '../data-plane/sites.ts'
import { startNodeProgram } from '../support/node-program.ts'
import type { RunningProgram } from '../support/node-program.ts'

const AGENT = join(ROOT, 'apps', 'agent', 'src', 'main.ts')
const LIFE_MS = 15_000
const PATIENCE_MS = 90_000
/** What the issue promises of a revocation. */
const CUT_WITHIN_MS = 5_000
const connected = z.object({ connected: z.boolean() })

type Side = 'source' | 'target'
let folder: string
let site: Site
let world: World
let migrationId: string
const programs = new Map<Side, RunningProgram>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-trust-'))
  site = await LAB.open(folder)
  world = await openWorld({ certificateLifeMs: LIFE_MS })
  await start('target', await world.token(DEMO_TARGET_SITE))
  await start('source', await world.token(DEMO_SOURCE_SITE))
  await eventually(() => world.owner.vm.findFirst({ where: { ref: site.vmRef, power: 'ON' } }), PATIENCE_MS, output)
  await eventually(() => world.owner.agent.findFirst({ where: { role: 'TARGET', streamPort: { not: null } } }), PATIENCE_MS, output)
  migrationId = (await startedWave(world, [site.vmRef], 'MANUAL')).migrationIds[0] ?? ''
  await eventually(async () => (await isConnected('source')) && (await isConnected('target')), PATIENCE_MS, output)
})
afterAll(async () => {
  for (const program of programs.values()) await program.stop()
  await world?.close()
  await site?.close()
  await rm(folder, { recursive: true, force: true })
})

async function start(side: Side, token: string): Promise<void> {
  programs.set(side, await startNodeProgram(AGENT, {
    AGENT_DATA_DIR: join(folder, `${side}-agent`), AGENT_NAME: side, GATEWAY_URL: `https://localhost:${world.port}`, ENROLMENT_TOKEN: token,
    REPLICA_DIR: join(folder, 'replicas'), LOG_LEVEL: 'info', ...site.agentEnv(side),
  }))
}
const output = () => [...programs].map(([side, program]) => `${side}:\n${program.output()}`).join('\n')
const agentOf = (side: Side) => world.owner.agent.findFirstOrThrow({ where: { role: side === 'source' ? 'SOURCE' : 'TARGET' } })

/** What that side said last of the stream. */
async function isConnected(side: Side): Promise<boolean> {
  const { sourceObserved, targetObserved } = await world.owner.migration.findUniqueOrThrow({ where: { id: migrationId } })
  return connected.safeParse(side === 'source' ? sourceObserved : targetObserved).data?.connected === true
}

/** Milliseconds from the revocation until the partner has said that the stream is gone. */
async function revokeAndMeasure(side: Side, partner: Side): Promise<number> {
  const { id } = await agentOf(side)
  const startMs = performance.now()
  await inScope(world.web, side === 'source' ? OPERATOR : SCHEDULER, (tx) => revokeAgent(tx, id, 'in a test'))
  await eventually(async () => !(await isConnected(partner)), PATIENCE_MS, output)
  return performance.now() - startMs
}

describe('agents as programs', () => {
  test('go on with new certificates, without a restart, past the end of their first ones', async () => {
    const first = await Promise.all([agentOf('source'), agentOf('target')])
    const endMs = Math.max(...first.map(({ certificateExpiresAt }) => certificateExpiresAt?.getTime() ?? 0))
    await eventually(async () => (await world.owner.auditEntry.findMany({ where: { action: 'agent.renew' }, distinct: ['subjectId'] })).length === 2, PATIENCE_MS, output)
    await eventually(async () => Date.now() > endMs + 500, PATIENCE_MS)
    expect([await isConnected('source'), await isConnected('target')]).toEqual([true, true])
    // What is opened now is opened with the new ones, on both ends: the first are refused by anybody.
    const { waveId } = await world.owner.migration.findUniqueOrThrow({ where: { id: migrationId } })
    await inScope(world.web, OPERATOR, (tx) => controlWave(tx, waveId, { paused: true }))
    await eventually(async () => !(await isConnected('source')), PATIENCE_MS, output)
    await inScope(world.web, OPERATOR, (tx) => controlWave(tx, waveId, { paused: false }))
    await eventually(async () => (await isConnected('source')) && (await isConnected('target')), PATIENCE_MS, output)
  }, 200_000)

  test('lose the stream of a source that is revoked within five seconds, and have it back when it has enrolled again', async () => {
    expect(await revokeAndMeasure('source', 'target')).toBeLessThan(CUT_WITHIN_MS)
    const source = await agentOf('source')
    await programs.get('source')?.kill()
    await start('source', await world.tokenOf(source.id))
    await eventually(async () => (await isConnected('source')) && (await isConnected('target')), PATIENCE_MS, output)
    expect((await agentOf('source')).id).toBe(source.id)
    expect(await world.owner.agent.count()).toBe(2)
    expect(programs.get('source')?.output()).toContain('enrolled again')
  }, 200_000)

  test('lose the stream to a target that is revoked within five seconds', async () => {
    expect(await revokeAndMeasure('target', 'source')).toBeLessThan(CUT_WITHIN_MS)
  }, 200_000)
})
