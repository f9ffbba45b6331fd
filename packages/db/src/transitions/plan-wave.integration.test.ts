import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_SOURCE_SITE, seedDemo } from '../../../../prisma/seed/demo.ts'
import { inScope, openDb, planWave } from '../index.ts'
import type { Db } from '../index.ts'

describe('planning a wave', () => {
  let database: TestDatabase
  let owner: Db
  let web: Db

  beforeAll(async () => {
    database = await createTestDatabase()
    owner = openDb(database.ownerUrl, 2)
    web = openDb(database.webUrl, 2)
    await seedDemo(owner, () => Promise.resolve('no password'))
  })
  afterAll(async () => {
    await Promise.all([owner.$disconnect(), web.$disconnect()])
    await database.drop()
  })

  async function vmWith(ref: string, disks: number): Promise<string> {
    const tenant = { providerId: 'northwind', tenantId: 'alpine' }
    const vm = await owner.vm.create({
      data: {
        ...tenant, siteId: DEMO_SOURCE_SITE, ref, name: ref, guestOs: 'lab', cpus: 1, memoryBytes: 1n << 28n, network: 'vlan', power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: new Date(),
        disks: { create: Array.from({ length: disks }, (_, at) => ({ ...tenant, key: `disk-${at}`, sizeBytes: 1n << 20n, usedBytes: 0n })) },
      },
    })
    return vm.id
  }
  const plan = (vmIds: readonly string[]) =>
    inScope(web, { kind: 'tenant', tenantId: 'alpine', actor: { kind: 'USER', id: 'user-olivia', name: 'Olivia Berger' } }, (tx) => planWave(tx, {
      name: 'wave', siteId: DEMO_SOURCE_SITE, destinationId: 'destination-alpine', cutoverMode: 'MANUAL', rateBytesPerSecond: null,
      vms: vmIds.map((vmId) => ({ vmId, network: 'web-prod', storage: 'nvme-gold', cpus: 1, memoryBytes: 1n << 28n })),
    }))

  it('refuses a VM without disks by its name, and plans nothing of the rest', async () => {
    const [whole, empty] = [await vmWith('whole', 2), await vmWith('empty', 0)]
    await expect(plan([whole, empty])).rejects.toMatchObject({ name: 'DomainError', code: 'VM_WITHOUT_DISKS', params: { vm: 'empty' } })
    expect(await owner.wave.count()).toBe(0)
    await plan([whole])
    expect(await owner.replication.count()).toBe(2)
  })
})
