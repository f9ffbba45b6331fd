import { DomainError } from '@driftless/domain'
import { inScope, keepWayBack } from '@driftless/db'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FakeAgent } from '../testing/fake-agent.ts'
import { playPair } from '../testing/fake-pair.ts'
import { OPERATOR, eventually, inventoryVm, openWindow, openWorld, reportOf, startedWave } from '../testing/world.ts'
import type { World } from '../testing/world.ts'

const DAY_MS = 86_400_000

describe('the way back', { timeout: 60_000 }, () => {
  let world: World
  let agents: { source: FakeAgent; target: FakeAgent }
  let pair: ReturnType<typeof playPair> | null = null

  beforeAll(async () => {
    world = await openWorld()
    agents = await world.enrolBoth()
    await agents.target.calls.report(reportOf({ stream: { host: '127.0.0.1', port: 4603 }, storage: { freeBytes: 1e12, totalBytes: 2e12 } }))
    await agents.source.calls.report(reportOf({ inventory: { vms: [inventoryVm('vm-1')] } }))
  })
  afterAll(async () => {
    await pair?.stop()
    agents.source.close()
    agents.target.close()
    await world.close()
  })

  it('is kept open for a VM that was moved, long after, until it is no longer wanted', async () => {
    const { waveId, migrationIds: [id = ''] } = await startedWave(world, ['vm-1'])
    const keep = (wanted: boolean) => inScope(world.web, OPERATOR, (tx) => keepWayBack(tx, id, wanted, new Date()))
    await expect(keep(true)).rejects.toThrow(DomainError)
    pair = playPair(agents)
    await eventually(async () => (await world.owner.migration.findUniqueOrThrow({ where: { id } })).status === 'READY_FOR_CUTOVER')
    await openWindow(world, waveId)
    await eventually(async () => pair?.stages.includes('target ACCEPT 1'))
    // Its agents no longer hear of it by themselves.
    await world.owner.migration.update({ where: { id }, data: { endedAt: new Date(Date.now() - DAY_MS) } })
    await keep(true)
    await keep(true)
    await eventually(async () => pair?.stages.includes('source REVERSE 1') === true && pair.stages.includes('target REVERSE 1'), undefined, () => pair?.stages)
    const before = pair.stages.length
    await keep(false)
    await eventually(async () => pair?.stages.slice(before).includes('source RELEASE 1') === true && pair.stages.slice(before).includes('target ACCEPT 1'), undefined, () => pair?.stages)
    const said = await world.owner.auditEntry.findMany({ where: { subjectId: id, action: { startsWith: 'migration.way-back' } }, orderBy: { id: 'asc' } })
    expect(said.map((entry) => entry.action)).toEqual(['migration.way-back', 'migration.way-back-end'])
  })
})
