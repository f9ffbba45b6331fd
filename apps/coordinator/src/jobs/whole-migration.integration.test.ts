import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evidenceHash } from '@driftless/db'
import { z } from 'zod'
import { playPair } from '../testing/fake-pair.ts'
import { eventually, inventoryVm, openWindow, openWorld, reportOf, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

describe('a whole migration over the gateway', { timeout: 120_000 }, () => {
  let world: World
  beforeAll(async () => { world = await openWorld() })
  afterAll(() => world.close())

  it('moves two VMs one after the other, proves them and starts billing once', async () => {
    const agents = await world.enrolBoth()
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm('vm-a'), inventoryVm('vm-b')] } }))
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    const { waveId, migrationIds } = await startedWave(world, ['vm-a', 'vm-b'])
    const pair = playPair(agents)
    await eventually(async () => (await world.owner.migration.count({ where: { id: { in: migrationIds }, status: 'READY_FOR_CUTOVER' } })) === 2)
    const bookingId = await openWindow(world, waveId)
    await eventually(async () => (await world.owner.migration.count({ where: { id: { in: migrationIds }, status: 'COMPLETED' } })) === 2)
    await eventually(async () => (await world.owner.booking.findUnique({ where: { id: bookingId } }))?.status === 'DONE')
    await eventually(async () => pair.stages.includes('source RELEASE 1') && pair.stages.includes('target ACCEPT 1'))
    await pair.stop()

    const packs = await world.owner.evidencePack.findMany({ where: { migrationId: { in: migrationIds } } })
    expect(packs).toHaveLength(2)
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/)
    for (const pack of packs) {
      const { disks } = z.object({ disks: z.array(z.object({ sourceHash: z.string().nullable(), targetHash: z.string().nullable() })).min(1) }).parse(pack.content)
      for (const disk of disks) expect(disk).toEqual({ sourceHash: hash, targetHash: disk.sourceHash })
      expect(pack.sha256).toBe(evidenceHash(pack.content))
      expect(pack.content).toMatchObject({
        tenant: 'Alpine Outfitters', downtime: { seconds: 1.5 }, guest: { acknowledgedAtSource: 42, foundAtTarget: 42, health: 'HEALTHY' },
        approvals: { requested: { by: { name: 'Olivia Berger' } }, approved: { by: { name: 'Samir Haddad' } }, goNoGo: { decision: 'GO', by: { name: 'Anna Keller' } } },
        attempt: { number: 1, reachedAt: { PREFLIGHT: expect.any(String), SOURCE_OFF: expect.any(String), COMMITTED: expect.any(String) } },
      })
    }
    expect(await world.owner.billingStart.count()).toBe(2)
    const [first, second] = await world.owner.cutoverAttempt.findMany({ where: { migrationId: { in: migrationIds } }, orderBy: { migration: { position: 'asc' } } })
    expect(first?.reachedAt).toMatchObject({ COMMITTED: expect.any(String) })
    // One VM of a wave at a time: the second began when the first was accepted, not before.
    const instants = z.record(z.string(), z.string())
    expect(Date.parse(instants.parse(second?.reachedAt).PREFLIGHT ?? '')).toBeGreaterThanOrEqual(Date.parse(instants.parse(first?.reachedAt).COMMITTED ?? ''))
    agents.source.close()
    agents.target.close()
  })
})
