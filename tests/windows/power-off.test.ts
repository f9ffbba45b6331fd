/** A guest of the lab that does not shut down, two agents as programs, and what an approver has signed. */
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { orderSigner } from '@driftless/orders'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MIGRATION, startAgents } from '../data-plane/pair.ts'
import type { Agents } from '../data-plane/pair.ts'
import { DEAF_LAB } from '../data-plane/sites.ts'
import type { Site } from '../data-plane/sites.ts'

const HOUR_MS = 3_600_000
const SECONDS = 3

const { privateKey, publicKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'der' }, publicKeyEncoding: { type: 'spki', format: 'der' } })
const signer = orderSigner(privateKey.toString('base64'))

let folder = ''
let site: Site
let agents: Agents
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dl-p-'))
  site = await DEAF_LAB.open(folder)
  const { hypervisor } = site.openSource()
  await hypervisor.powerOn(site.vmRef)
  agents = await startAgents(site, folder, publicKey.toString('base64'))
})
afterAll(async () => {
  await agents?.close()
  await site?.close()
  await rm(folder, { recursive: true, force: true })
})

/** The go for this VM, as the portal signs it. */
function order(more: { powerOffAfterSeconds?: number } = {}) {
  const { vm } = agents
  const now = Date.now()
  return signer.cutover({
    id: randomUUID(), migrationId: MIGRATION, decidedBy: { id: 'anna', name: 'Anna Keller' }, decidedAt: new Date(now), expiresAt: new Date(now + 4 * HOUR_MS), waveId: 'w-1', bookingId: 'b-1',
    window: { startsAt: new Date(now - 1_000), lockoutAt: new Date(now + HOUR_MS), endsAt: new Date(now + 2 * HOUR_MS) },
    plan: { sourceAgentId: 'source', targetAgentId: 'target', vmRef: site.vmRef, name: vm.name, cpus: vm.cpus, memoryBytes: vm.memoryBytes, network: vm.network, storage: 's', disks: vm.disks.map(({ key, sizeBytes }) => ({ key, sizeBytes })) },
    ...more,
  })
}

test('a guest that does not shut down is left running by a go that does not say that it is powered off', async () => {
  agents.drive({})
  await agents.until('its disks are in step', () => agents.source()?.disks.every(({ status }) => status === 'CONTINUOUS') === true)
  agents.drive({ stage: 'FINAL', attempt: 1, shutdownSeconds: SECONDS, order: order() })
  await agents.until('the refusal is told', () => agents.source()?.problem?.code === 'SHUTDOWN_REFUSED')
  const { hypervisor } = site.openSource()
  const before = await site.guestProgress()
  await agents.until('it writes on', async () => (await site.guestProgress()) > before + 5)
  expect((await hypervisor.findVm(site.vmRef))?.guest.power).toBe('STOPPING')
  expect(agents.source()?.poweredOff ?? null).toBeNull()
  agents.drive({ stage: 'RETURN', order: undefined }, { stage: 'KEEP' })
  await agents.until('the attempt is over', () => agents.source()?.stage === 'RETURN' && agents.source()?.problem === null)
})

test('a go that says so powers it off after its time, and the target has every record that it had acknowledged', async () => {
  const harder = order({ powerOffAfterSeconds: SECONDS })
  agents.drive({ stage: 'FINAL', attempt: 2, order: harder }, { stage: 'RECEIVE' })
  await agents.until('it is off, and it is said on whose word', () => agents.source()?.sourceOffAtMs != null && agents.source()?.poweredOff?.agreedBy === 'Anna Keller')
  await agents.until('the source has proof', () => agents.source()?.hashes != null)
  const acknowledged = agents.source()?.guest.acknowledgedSequence ?? 0
  expect(acknowledged).toBeGreaterThan(5)
  agents.drive({}, { stage: 'VERIFY' })
  await agents.until('the target has proof', () => agents.target()?.hashes != null)
  expect(agents.target()?.hashes).toEqual(agents.source()?.hashes)
  agents.drive({}, { stage: 'BOOT', acknowledgedSequence: acknowledged, order: harder })
  await agents.until('the shadow VM is well', () => agents.target()?.shadow?.health === 'HEALTHY')
  expect(agents.target()?.shadow?.sequenceAtBoot).toBeGreaterThanOrEqual(acknowledged)
})
