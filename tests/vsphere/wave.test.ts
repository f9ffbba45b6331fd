/** A wave of VMs from one vCenter to another through the portal, from inventory to evidence, while their guests write. */
import { mainJob } from '@driftless/launch/play/main-job.ts'
import { proofOf } from '@driftless/launch/play/proof.ts'
import { PortalRefusal, signIn } from '@driftless/launch/play/portal.ts'
import { destinations } from '@driftless/launch/play/shapes.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DEMO_PASSWORD } from '../../prisma/seed/demo.ts'
import { eventually } from '../../apps/agent/src/testing/pair.ts'
import { inMidCopy } from '../support/mid-copy.ts'
import { withoutVcsim } from '../support/vcsim.ts'
import type { ScenarioVm } from '../support/vcsim-scenario.ts'
import { powerAt, snapshotsAt } from '../support/vsphere.ts'
import { startVsphereWorld } from './world.ts'
import type { VsphereWorld } from './world.ts'

const OPERATOR = 'operator@alpine.example'
/** Until the copy was seen half-way: at this rate it takes minutes. */
const RATE_BYTES_PER_SECOND = 200_000
const PATIENCE_SECONDS = 60

const vm = (name: string, more: Partial<ScenarioVm> = {}): ScenarioVm => ({
  name, cpus: 1, memoryMiB: 512, network: 'VM Network', power: 'on', tools: true, disks: [{ sizeMiB: 24, filledMiB: 8 }], guest: { recordsPerSecond: 20, rewriteKiBPerSecond: 256 }, ...more,
})

let world: VsphereWorld | null = null
afterEach(async () => {
  await world?.stop()
  world = null
})

describe.skipIf(withoutVcsim)('on vSphere', () => {
  test('three VMs move through the portal while they write, with every session ended in mid-copy: each arrives whole, its source is off and carries its mark', async () => {
    world = await startVsphereWorld({ read: 'hot-add', vms: [vm('web-1'), vm('db-1', { disks: [{ sizeMiB: 24, filledMiB: 8 }, { sizeMiB: 16, filledMiB: 4 }] }), vm('app-1')] })
    const { driftless, source, target } = world
    const watcher = inMidCopy([async () => void (await Promise.all([source.control({ do: 'endSessions' }), target.control({ do: 'endSessions' })]))])
    const result = await mainJob(driftless.url, watcher, { rateBytesPerSecond: RATE_BYTES_PER_SECOND, estimateAfterSeconds: 1 })
    expect(watcher.done()).toBe(1)
    expect(proofOf(result)).toMatchObject({ vms: 3, disks: 4, faults: [] })
    // Nobody powers on the source beside its copy by mistake.
    await eventually('the sources carry their mark', async () => Object.keys(await powerAt(source)).filter((name) => /\(migrated \d{4}-\d\d-\d\d\)$/.test(name)).length === 3, PATIENCE_SECONDS)
    expect(Object.entries(await powerAt(source)).filter(([name]) => name.includes('migrated')).map(([, state]) => state)).toEqual(['poweredOff', 'poweredOff', 'poweredOff'])
    await eventually('no snapshot of ours is left', async () => (await snapshotsAt(source)).length === 0, PATIENCE_SECONDS)
    expect(await powerAt(target)).toMatchObject({ 'web-1': 'poweredOn', 'db-1': 'poweredOn', 'app-1': 'poweredOn' })
  })

  test('what stands in a VM’s way is in the inventory before anything is planned, and the plan is refused with it', async () => {
    world = await startVsphereWorld({ read: 'datastore', vms: [vm('good-1'), vm('independent-1', { independentDisk: true }), vm('tpm-1', { vtpm: true }), vm('backup-1', { snapshot: true })] })
    const operator = await signIn(world.driftless.url, OPERATOR, DEMO_PASSWORD)
    const blocked = z.array(z.object({ id: z.string(), name: z.string(), siteId: z.string(), blockers: z.array(z.object({ code: z.string() })) }))
    let vms: z.infer<typeof blocked> = []
    await eventually('four VMs are listed', async () => {
      vms = await operator.query('migrate.inventory', undefined, blocked)
      return vms.length === 4
    }, PATIENCE_SECONDS)
    expect(Object.fromEntries(vms.map(({ name, blockers }) => [name, blockers.map(({ code }) => code)]))).toEqual({
      'good-1': [], 'independent-1': ['INDEPENDENT_DISK'], 'tpm-1': ['VTPM'], 'backup-1': ['SNAPSHOTS_PRESENT'],
    })
    const placement = z.object({ cluster: z.string().nullable(), host: z.string().nullable(), datastores: z.array(z.string()), guestTools: z.string() })
    for (const { id } of vms) expect(await operator.query('migrate.placement', { vmId: id }, placement)).toMatchObject({ cluster: 'DC0_C0', host: expect.any(String), datastores: ['LocalDS_0'], guestTools: 'RUNNING' })
    const [destination] = await operator.query('migrate.destinations', undefined, destinations)
    const plan = (name: string) => operator.mutate('migrate.planWave', {
      name: 'Refused', siteId: vms[0]?.siteId, destinationId: destination?.id, cutoverMode: 'MANUAL', rateBytesPerSecond: null,
      vms: vms.filter((one) => one.name === name).map((one) => ({ vmId: one.id, network: destination?.defaultNetwork, storage: destination?.storages[0], cpus: 1, memoryBytes: 512 * 1024 * 1024 })),
    }, z.unknown())
    await expect(plan('tpm-1')).rejects.toMatchObject({ name: PortalRefusal.name, code: 'VM_BLOCKED' })
    await plan('good-1')
  })
})
