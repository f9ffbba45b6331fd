import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { bookWindow, decideBooking, decideGoNoGo, tokenHash, inScope, openDb, planWave, readWaveFacts, startWave } from '@driftless/db'
import type { Db, Scope } from '@driftless/db'
import { forecastWave } from '@driftless/domain'
import { openQueues, wake } from '@driftless/jobs'
import type { MailServer } from '@driftless/notices'
import { orderSigner } from '@driftless/orders'
import { createTestDatabase } from '@driftless/tests/support/database.ts'
import { pino } from 'pino'
import { DEMO_SOURCE_SITE, DEMO_TARGET_SITE, seedDemo } from '../../../../prisma/seed/demo.ts'
import { startCoordinator } from '../coordinator.ts'
import type { Coordinator } from '../coordinator.ts'
import { enrolFakeAgent, reportOf } from './fake-agent.ts'

const TENANT = 'alpine'
const PROVIDER = 'northwind'
const HOUR_MS = 3_600_000
/** A machine that builds and tests at once is slow; nothing here waits for time to pass. */
const PATIENCE_MS = 30_000

export const OPERATOR: Scope = { kind: 'tenant', tenantId: TENANT, actor: { kind: 'USER', id: 'user-olivia', name: 'Olivia Berger' } }
export const APPROVER: Scope = { kind: 'tenant', tenantId: TENANT, actor: { kind: 'USER', id: 'user-anna', name: 'Anna Keller' } }
export const SCHEDULER: Scope = { kind: 'provider', providerId: PROVIDER, actor: { kind: 'USER', id: 'user-samir', name: 'Samir Haddad' } }

/** A database with the demo's customers, a coordinator on it, and what tests do to both. Agents' certificates live as in the product unless told otherwise; mails are sent where there is a server. */
export async function openWorld(options: { readonly certificateLifeMs?: number; readonly mail?: MailServer } = {}) {
  const database = await createTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'driftless-world-'))
  const owner = openDb(database.ownerUrl, 4)
  const web = openDb(database.webUrl, 10)
  await seedDemo(owner, () => Promise.resolve('no password'))
  const log = pino({ level: 'error' })
  const orders = signingKey()
  const keys = { sealing: randomBytes(32), gateway: randomBytes(32), orderPublic: orders.publicKey, auditSigning: signingKey().privateKey }
  const env = { databaseUrl: database.coordinatorUrl, queueUrl: database.queueUrl, keys, webhookNetworks: { provider: [], customers: [] }, mail: options.mail ?? null, portalUrl: options.mail?.portalUrl ?? null, auditAnchor: { kind: 'file' as const, path: join(folder, 'audit-anchor.jsonl') }, gateway: { host: '127.0.0.1', port: 0, names: [{ name: 'localhost', isAddress: false }, { name: '127.0.0.1', isAddress: true }] } }
  const start = () => startCoordinator(env, log, options.certificateLifeMs)
  const coordinator = await start()
  const opened: Coordinator[] = [coordinator]
  const queues = openQueues(database.queueUrl)
  return {
    database, owner, web, log, queues, /** Where the audit log is anchored. */ auditAnchorFile: env.auditAnchor.path, /** The coordinators’ own. */ keys, /** The portal's key for orders, and who signs with it. */ orderSigningKey: orders.privateKey, signer: orderSigner(orders.privateKey), orderPublicKey: orders.publicKey, port: coordinator.port, connections: coordinator.connections,
    /** Another coordinator on the same database. */
    another: async () => {
      const more = await start()
      opened.push(more)
      return more
    },
    token: (siteId: string, lifetimeMs = HOUR_MS) => makeToken(owner, siteId, lifetimeMs),
    /** A token with which an agent that is there already enrols again. */
    tokenOf: async (agentId: string) => {
      const { siteId } = await owner.agent.findUniqueOrThrow({ where: { id: agentId } })
      return makeToken(owner, siteId, HOUR_MS, agentId)
    },
    enrolBoth: async () => ({
      source: await enrolFakeAgent(coordinator.port, await makeToken(owner, DEMO_SOURCE_SITE, HOUR_MS), 'source'),
      target: await enrolFakeAgent(coordinator.port, await makeToken(owner, DEMO_TARGET_SITE, HOUR_MS), 'target'),
    }),
    close: async () => {
      for (const one of opened) await one.close()
      await queues.close()
      await Promise.all([owner.$disconnect(), web.$disconnect()])
      await database.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type World = Awaited<ReturnType<typeof openWorld>>

/** An Ed25519 key pair as environments carry it: DER, base64. */
function signingKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'der' }, publicKeyEncoding: { type: 'spki', format: 'der' } })
  return { privateKey: privateKey.toString('base64'), publicKey: publicKey.toString('base64') }
}

async function makeToken(owner: Db, siteId: string, lifetimeMs: number, agentId: string | null = null): Promise<string> {
  const secret = randomBytes(32).toString('base64url')
  const site = await owner.site.findUniqueOrThrow({ where: { id: siteId } })
  const createdAt = new Date()
  await owner.enrolmentToken.create({ data: { providerId: site.providerId, tenantId: site.tenantId, siteId, agentId, secretHash: tokenHash(secret), createdAt, expiresAt: new Date(createdAt.getTime() + lifetimeMs) } })
  const authority = await owner.certificateAuthority.findFirstOrThrow()
  return `dl1.${secret}.${authority.fingerprint}`
}

/** What an inventory says of a VM that runs and is well, with one disk of `sizeBytes`. */
export function inventoryVm(ref: string, sizeBytes = 1_048_576) {
  return {
    ref, name: ref, guestOs: 'lab', cpus: 1, memoryBytes: 1 << 28, network: 'vlan-20-web', writtenBytes: 0, hypervisor: { kind: 'lab' },
    guest: { power: 'ON', health: 'HEALTHY', healthDetail: null, acknowledgedSequence: 5, sequenceAtBoot: 0, firstWriteAtMs: null, lastWriteAtMs: null } as const,
    disks: [{ key: 'disk0', sizeBytes, usedBytes: sizeBytes / 2 }],
  }
}

/** Plans and starts a wave of these VMs, which must be in the inventory; `forecasted`: what would be expected of it is kept, as the portal does. Resolves to its and its migrations' ids, in order. */
export async function startedWave({ web, queues }: World, refs: readonly string[], cutoverMode: 'MANUAL' | 'AUTOMATIC' = 'AUTOMATIC', forecasted = false) {
  const vms = await inScope(web, OPERATOR, (tx) => tx.db.vm.findMany({ where: { ref: { in: [...refs] } } }))
  const ordered = refs.map((ref) => vms.find((vm) => vm.ref === ref) ?? (() => { throw new Error(`The inventory has no ${ref}.`) })())
  const waveId = await inScope(web, OPERATOR, (tx) => planWave(tx, {
    name: `wave of ${refs.join(', ')}`, siteId: DEMO_SOURCE_SITE, destinationId: 'destination-alpine', cutoverMode, rateBytesPerSecond: null,
    vms: ordered.map((vm) => ({ vmId: vm.id, network: 'web-prod', storage: 'nvme-gold', cpus: vm.cpus, memoryBytes: vm.memoryBytes })),
  }))
  const now = new Date()
  const facts = forecasted ? await inScope(web, OPERATOR, (tx) => readWaveFacts(tx, { siteId: DEMO_SOURCE_SITE, waveId, vmIds: ordered.map(({ id }) => id), capBytesPerSecond: null, throttleBytesPerSecond: null, parallelCutovers: 1, startAt: now, window: null, windows: [] }, now)) : null
  await inScope(web, OPERATOR, (tx) => startWave(tx, waveId, facts && { ...facts, forecast: forecastWave(facts.input) }))
  const migrations = await inScope(web, OPERATOR, (tx) => tx.db.migration.findMany({ where: { waveId }, orderBy: { position: 'asc' } }))
  const migrationIds = migrations.map((migration) => migration.id)
  for (const migrationId of migrationIds) await wake(queues, 'drive-migration', { migrationId })
  return { waveId, migrationIds }
}

/** Books a window that is open now, has it approved, and says go. Resolves to the booking's id. */
export async function openWindow({ web, queues, signer }: World, waveId: string, go = true): Promise<string> {
  const now = new Date()
  const bookingId = await inScope(web, OPERATOR, (tx) => bookWindow(tx, { waveId, startsAt: now, endsAt: new Date(now.getTime() + HOUR_MS), note: null }, now.getTime()))
  await inScope(web, SCHEDULER, (tx) => decideBooking(tx, { bookingId, approve: true, reason: null }, now))
  if (go) await inScope(web, APPROVER, (tx) => decideGoNoGo(tx, { waveId, bookingId, decision: 'GO', reason: null }, signer))
  await wake(queues, 'advance-booking', { bookingId })
  return bookingId
}

/** Waits until `look` finds something, for at most `limitMs`; `seen` tells what there was instead. */
export async function eventually<T>(look: () => Promise<T | null | undefined | false>, limitMs = PATIENCE_MS, seen: () => unknown = () => null): Promise<T> {
  const until = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (performance.now() > until) throw new Error(`Nothing came within ${limitMs} ms: ${inspect(await seen())}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export { reportOf, DEMO_SOURCE_SITE, DEMO_TARGET_SITE }
