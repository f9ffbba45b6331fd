import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { openDb } from '@driftless/db'
import type { Db } from '@driftless/db'
import { vi } from 'vitest'
import { createTestDatabase } from '@driftless/tests/support/database.ts'
import { seedDemo } from '../../../../prisma/seed/demo.ts'
import type { Person } from '@/server/person.ts'

const PROVIDER = 'northwind'
const staff = (id: string, name: string, role: Person['role']): Person => ({ userId: id, name, email: `${id}@example.test`, role, tenantId: null, providerId: PROVIDER })
const customer = (id: string, name: string, role: Person['role'], tenantId: string): Person => ({ userId: id, name, email: `${id}@example.test`, role, tenantId, providerId: PROVIDER })

/** The demo's people as the session knows them, and a viewer on either side. */
export const PEOPLE = {
  olivia: customer('user-olivia', 'Olivia Berger', 'CUSTOMER_OPERATOR', 'alpine'),
  anna: customer('user-anna', 'Anna Keller', 'CUSTOMER_APPROVER', 'alpine'),
  henry: customer('user-henry', 'Henry Walsh', 'CUSTOMER_OPERATOR', 'harbour'),
  viewer: customer('user-viewer', 'Vera Viewer', 'CUSTOMER_VIEWER', 'alpine'),
  samir: staff('user-samir', 'Samir Haddad', 'PROVIDER_SCHEDULER'),
  ada: staff('user-ada', 'Ada Lindqvist', 'PROVIDER_ADMIN'),
  watcher: staff('user-watcher', 'Walter Watcher', 'PROVIDER_VIEWER'),
} as const satisfies Record<string, Person>

export type Portal = Awaited<ReturnType<typeof openPortal>>

/**
 * The portal's procedures on a database of their own, with the demo's customers and VMs, as the role `driftless_web`.
 * `as` answers a person's calls; `owner` sees and writes everything. `close` leaves nothing behind.
 */
export async function openPortal() {
  const database = await createTestDatabase()
  const owner = openDb(database.ownerUrl, 2)
  await seedDemo(owner, () => Promise.resolve('no password'))
  await addVms(owner)
  vi.stubEnv('DATABASE_URL', database.webUrl)
  vi.stubEnv('QUEUE_URL', database.queueUrl)
  vi.stubEnv('NEXTAUTH_URL', 'http://portal.test')
  vi.stubEnv('NEXTAUTH_SECRET', 'a secret of this test only')
  vi.stubEnv('SEALING_KEY', randomBytes(32).toString('base64'))
  vi.stubEnv('ORDER_SIGNING_KEY', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'))
  vi.stubEnv('LOG_LEVEL', 'silent')
  const woken: string[] = []
  vi.doMock('@/server/wake-up.ts', () => ({
    wakeUp: async (name: string, ids: Record<string, string>) => void woken.push(`${name} ${Object.values(ids).join(' ')}`),
    wakeMigrations: async (ids: readonly string[]) => void woken.push(...ids.map((id) => `drive-migration ${id}`)),
  }))
  const { rootRouter } = await import('@/server/root-router.ts')
  const { db } = await import('@/server/db.ts')
  return {
    owner,
    /** Of the same database, for what else works on it. */
    databaseUrls: { coordinator: database.coordinatorUrl, queue: database.queueUrl },
    /** The wake-ups sent to the coordinator, as `job id`. */
    woken,
    as: (person: Person | null) => rootRouter.createCaller({ person, requestId: 'test', sameOrigin: true, address: '192.0.2.1' }),
    close: async () => {
      await db().$disconnect()
      await owner.$disconnect()
      vi.unstubAllEnvs()
      vi.doUnmock('@/server/wake-up.ts')
      await database.drop()
    },
  }
}

const GIB = 1024 ** 3

async function addVms(owner: Db): Promise<void> {
  for (const [tenantId, siteId, name] of [['alpine', 'site-alpine-hq', 'web'], ['alpine', 'site-alpine-hq', 'orders'], ['harbour', 'site-harbour-main', 'archive']] as const) {
    await owner.vm.create({
      data: {
        id: `vm-${name}`, providerId: PROVIDER, tenantId, siteId, ref: name, name, guestOs: 'Debian 12', cpus: 2, memoryBytes: BigInt(2 * GIB), network: 'vlan-20-web',
        power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: new Date(), disks: { create: [{ providerId: PROVIDER, tenantId, key: 'disk-0', sizeBytes: BigInt(10 * GIB), usedBytes: BigInt(4 * GIB) }] },
      },
    })
  }
}

/** A planned wave of one VM, without going through the portal. Resolves to its id. */
export async function addWave(owner: Db, vmName: string): Promise<string> {
  const vm = await owner.vm.findUniqueOrThrow({ where: { id: `vm-${vmName}` }, include: { disks: true } })
  const { providerId, tenantId, siteId } = vm
  const wave = await owner.wave.create({
    data: {
      providerId, tenantId, siteId, destinationId: `destination-${tenantId}`, name: `Wave of ${vmName}`, createdById: 'test',
      migrations: { create: [{ providerId, tenantId, vmId: vm.id, position: 0, status: 'ASSESSED', network: 'web-prod', storage: 'nvme-gold', cpus: 2, memoryBytes: vm.memoryBytes, replications: { create: vm.disks.map((disk) => ({ providerId, tenantId, diskKey: disk.key, sizeBytes: disk.sizeBytes })) } }] },
    },
  })
  return wave.id
}

/** What a call was refused with: its stable code; fails the test when it was not. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  const { refusalOf } = await import('@/server/errors.ts')
  const { TRPCError } = await import('@trpc/server')
  try {
    await call
  } catch (error) {
    if (error instanceof TRPCError) return refusalOf(error, 'test').code
    throw error
  }
  throw new Error('The call was not refused.')
}
