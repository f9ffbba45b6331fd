/** Who knocks in the matrix, and on whose door: two providers, three customers, everybody's roles, and one customer's belongings. */
import { hash } from '@node-rs/argon2'
import { openDb } from '@driftless/db'
import type { Db } from '@driftless/db'
import { USER_ROLES, isProviderRole } from '@driftless/domain'
import type { UserRole } from '@driftless/domain'

/** What an actor is to the customer whose belongings are asked for. */
export type Relation = 'OWN_TENANT' | 'OWN_PROVIDER' | 'FOREIGN'
export type Actor = { readonly email: string; readonly role: UserRole; readonly relation: Relation }

export const PASSWORD = 'a password of the matrix only'
const OWNER = { provider: 'm-north', tenant: 'm-alder' }
const ORGANISATIONS = [
  { provider: 'm-north', tenant: 'm-alder', relation: 'OWN_TENANT' },
  { provider: 'm-north', tenant: null, relation: 'OWN_PROVIDER' },
  { provider: 'm-north', tenant: 'm-birch', relation: 'FOREIGN' },
  { provider: 'm-south', tenant: 'm-cedar', relation: 'FOREIGN' },
  { provider: 'm-south', tenant: null, relation: 'FOREIGN' },
] as const

/** Every name of the customer's own begins with it: no answer to a stranger may contain it. */
export const MARK = 'Alder0wned'

/** What a customer and its provider have, each by what it is. */
const belongings = (named: (what: string) => string) => ({
  provider: named('provider'), tenant: named('tenant'), site: named('site'), targetSite: named('target-site'), destination: named('destination'), vm: named('vm'), spareVm: named('spare-vm'),
  wave: named('wave'), migration: named('migration'), booking: named('booking'), estimate: named('estimate'), agent: named('agent'), targetAgent: named('target-agent'), person: named('person'), staff: named('staff'),
  invitation: named('invitation'), leaver: named('leaver'), webhook: named('webhook'), delivery: named('delivery'), link: named('link'), shipment: named('shipment'),
})
export type Ids = Readonly<ReturnType<typeof belongings>>

/** The belongings that are asked for. */
export const IDS: Ids = { ...belongings((what) => `m-${what}`), ...OWNER, person: 'm-alder-customer_viewer', staff: 'm-north-provider_viewer' }
/** The same, of nobody. */
export const ABSENT_IDS: Ids = belongings((what) => `nobody's-${what}`)

export const ACTORS: readonly Actor[] = ORGANISATIONS.flatMap(({ provider, tenant, relation }) =>
  USER_ROLES.filter((role) => isProviderRole(role) === (tenant === null)).map((role) => ({ email: emailOf(provider, tenant, role), role, relation })))

function emailOf(provider: string, tenant: string | null, role: UserRole): string {
  return `${role.toLowerCase()}@${tenant ?? provider}.example`
}

const GIB = 1024n ** 3n
const HOUR_MS = 3_600_000

/** Puts all of them into an installation's database, as its owner. */
export async function seedCast(ownerUrl: string): Promise<void> {
  const db = openDb(ownerUrl, 1)
  try {
    await seedPeople(db)
    await seedFactors(db)
    await seedBelongings(db)
    await seedWaysIn(db)
  } finally {
    await db.$disconnect()
  }
}

async function seedPeople(db: Db): Promise<void> {
  const passwordHash = await hash(PASSWORD)
  for (const id of ['m-north', 'm-south']) await db.provider.create({ data: { id, name: id, accentColor: '#336699' } })
  await db.tenant.createMany({ data: [{ id: 'm-alder', providerId: 'm-north', name: `${MARK} Ltd` }, { id: 'm-birch', providerId: 'm-north', name: 'Birch' }, { id: 'm-cedar', providerId: 'm-south', name: 'Cedar' }] })
  await db.user.createMany({
    data: ORGANISATIONS.flatMap(({ provider, tenant }) => USER_ROLES.filter((role) => isProviderRole(role) === (tenant === null)).map((role) => ({
      id: `${tenant ?? provider}-${role.toLowerCase()}`, providerId: provider, tenantId: tenant, email: emailOf(provider, tenant, role), name: `${tenant === OWNER.tenant ? MARK : (tenant ?? provider)} ${role}`, role, passwordHash,
    }))),
  })
}

/** A colleague who never knocks, with all that proves who somebody is, and a session. */
async function seedFactors(db: Db): Promise<void> {
  const own = { providerId: OWNER.provider, tenantId: OWNER.tenant, userId: 'm-alder-enrolled' }
  await db.user.create({ data: { id: own.userId, providerId: own.providerId, tenantId: own.tenantId, email: 'enrolled@m-alder.example', name: `${MARK} enrolled`, role: 'CUSTOMER_VIEWER' } })
  await db.totpSecret.create({ data: { ...own, sealedSecret: `sealed secret of an app, ${'6'.repeat(40)}`, confirmedAt: new Date() } })
  await db.passkey.create({ data: { id: 'm-passkey', ...own, name: `${MARK} key`, credentialId: 'bS1wYXNza2V5', publicKey: Uint8Array.from([1, 2, 3]), counter: 0n, transports: [], synced: false } })
  await db.recoveryCode.create({ data: { ...own, codeHash: `hash of a recovery code, ${'7'.repeat(40)}` } })
  await db.portalSession.create({ data: { id: 'm-session', ...own, tokenHash: `hash of a session, ${'8'.repeat(40)}`, factors: ['PASSWORD'], expiresAt: new Date(Date.now() + HOUR_MS) } })
  await db.calendarFeed.create({ data: { ...own, tokenHash: `hash of a calendar, ${'5'.repeat(40)}` } })
  await db.$executeRaw`INSERT INTO sign_in_ticket (token_hash, user_id, challenge, expires_at) VALUES (${`hash of a ticket, ${'9'.repeat(40)}`}, ${own.userId}, 'challenge', now() + interval '1 day')`
}

/** Somebody who never comes, to be changed; who was asked in; and how the customer's people could sign on. */
async function seedWaysIn(db: Db): Promise<void> {
  const owned = { providerId: OWNER.provider, tenantId: OWNER.tenant }
  const expiresAt = new Date(Date.now() + HOUR_MS)
  await db.user.create({ data: { id: IDS.leaver, ...owned, email: 'leaver@m-alder.example', name: `${MARK} leaver`, role: 'CUSTOMER_VIEWER' } })
  await db.invitation.create({ data: { id: IDS.invitation, ...owned, email: 'invited@m-alder.example', name: `${MARK} invited`, role: 'CUSTOMER_VIEWER', tokenHash: `hash of an invitation, ${'6'.repeat(40)}`, createdById: 'm-north-provider_admin', expiresAt } })
  await db.passwordReset.create({ data: { id: 'm-password-reset', ...owned, userId: IDS.leaver, tokenHash: `hash of a reset, ${'7'.repeat(40)}`, expiresAt } })
  const connectionId = `customer-${OWNER.tenant}`
  await db.oidcConnection.create({ data: { id: connectionId, ...owned, issuer: 'https://id.m-alder.example', clientId: `${MARK} client`, clientSecretSealed: `v1.sealed client secret, ${'8'.repeat(40)}` } })
  await db.oidcDomain.create({ data: { domain: 'm-alder.example', ...owned, connectionId } })
  await db.oidcAccount.create({ data: { connectionId, subject: `${MARK} subject`, ...owned, issuer: 'https://id.m-alder.example', userId: IDS.leaver } })
}

async function seedBelongings(db: Db): Promise<void> {
  const owned = { providerId: OWNER.provider, tenantId: OWNER.tenant }
  const provided = { providerId: OWNER.provider, tenantId: null }
  const now = new Date()
  const agent = { host: `${MARK} host`, version: '0', protocol: 1, lastContactAt: now }
  await db.site.createMany({ data: [{ id: IDS.site, ...owned, kind: 'SOURCE', name: `${MARK} site` }, { id: IDS.targetSite, ...provided, kind: 'TARGET', name: 'North cloud' }] })
  await db.agent.create({ data: { id: IDS.agent, ...owned, siteId: IDS.site, role: 'SOURCE', name: `${MARK} agent`, certificateFingerprint: 'none of the source', ...agent } })
  await db.agent.create({ data: { id: IDS.targetAgent, ...provided, siteId: IDS.targetSite, role: 'TARGET', name: 'North agent', certificateFingerprint: 'none of the target', ...agent, host: 'north' } })
  await db.destination.create({ data: { id: IDS.destination, ...owned, targetSiteId: IDS.targetSite, name: `${MARK} destination`, networkMap: [], defaultNetwork: 'net', networks: ['net'], storages: ['gold'] } })
  for (const id of [IDS.vm, IDS.spareVm])
    await db.vm.create({ data: { id, ...owned, siteId: IDS.site, ref: id, name: `${MARK} ${id}`, guestOs: 'Debian', cpus: 2, memoryBytes: GIB, network: 'lan', power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: now, disks: { create: [{ ...owned, key: 'disk-0', sizeBytes: 10n * GIB, usedBytes: GIB }] } } })
  await db.estimate.create({ data: { id: IDS.estimate, ...owned, siteId: IDS.site, name: `${MARK} estimate`, startedAt: now, endsAt: new Date(now.getTime() + HOUR_MS), createdById: 'm-alder-customer_operator', vms: { create: [{ ...owned, vmId: IDS.vm }] } } })
  await db.wave.create({
    data: {
      id: IDS.wave, ...owned, siteId: IDS.site, destinationId: IDS.destination, name: `${MARK} wave`, createdById: 'm-alder-customer_operator',
      migrations: { create: [{ id: IDS.migration, ...owned, vmId: IDS.vm, position: 0, status: 'ASSESSED', network: 'net', storage: 'gold', cpus: 2, memoryBytes: GIB, replications: { create: [{ ...owned, diskKey: 'disk-0', sizeBytes: 10n * GIB }] } }] },
    },
  })
  await db.siteCalendar.create({ data: { siteId: IDS.targetSite, providerId: OWNER.provider, zone: 'UTC', patterns: [], exceptions: [], blackouts: [] } })
  const startsAt = new Date(now.getTime() + 24 * HOUR_MS)
  await db.booking.create({ data: { id: IDS.booking, ...owned, waveId: IDS.wave, targetSiteId: IDS.targetSite, startsAt, endsAt: new Date(startsAt.getTime() + 4 * HOUR_MS), lockoutAt: new Date(startsAt.getTime() + 3 * HOUR_MS), note: `${MARK} note`, requestedById: 'm-alder-customer_operator' } })
  await db.approvalPolicy.create({ data: { ...owned, roles: ['CUSTOMER_APPROVER'], personIds: [], needed: 1, ownRequest: false, waitMinutes: 0, expiresHours: null, testsNeedGo: false } })
  await db.goNoGo.create({ data: { ...owned, waveId: IDS.wave, bookingId: IDS.booking, decision: 'NO_GO', reason: `${MARK} reason`, decidedById: 'm-alder-customer_approver' } })
  await db.enrolmentToken.create({ data: { ...owned, siteId: IDS.site, secretHash: `hash of a token, ${'5'.repeat(40)}`, createdAt: now, expiresAt: new Date(now.getTime() + HOUR_MS / 2) } })
  await db.auditEntry.create({ data: { ...owned, actorKind: 'SYSTEM', actorName: `${MARK} system`, action: 'wave.plan', subjectKind: 'wave', subjectId: IDS.wave, subjectName: `${MARK} wave` } })
  await db.waveLink.create({ data: { id: IDS.link, ...owned, waveId: IDS.wave, tokenHash: `hash of a link, ${'3'.repeat(40)}`, createdById: 'm-alder-customer_operator', expiresAt: new Date(now.getTime() + 24 * HOUR_MS) } })
  await db.evidencePack.create({ data: { migrationId: IDS.migration, ...owned, content: { vm: MARK }, sha256: '0'.repeat(64) } })
  await db.billingEntry.create({ data: { migrationId: IDS.migration, ...owned, kind: 'TARGET_STARTED', stay: 1, vmName: `${MARK} vm`, waveName: `${MARK} wave`, cpus: 2, memoryMib: 1024n, diskMib: 1024n, at: now } })
  await db.signedOrder.create({ data: { id: 'm-order', ...owned, migrationId: IDS.migration, kind: 'DISCARD', payload: '{}', signature: `a signature, ${'4'.repeat(40)}`, keyId: 'a key' } })
  await db.vmReturn.create({ data: { ...owned, migrationId: IDS.migration, attempt: 1, status: 'RETURNED', statusChangedAt: now, reachedAt: {}, wayBack: true, byDefault: false, reason: `${MARK} reason`, askedByName: `${MARK} person`, askedAt: now } })
  await db.shipment.create({
    data: {
      id: IDS.shipment, ...owned, waveId: IDS.wave, status: 'CAUGHT_UP', statusChangedAt: now, reachedAt: { CAUGHT_UP: now.toISOString() }, sourcePlaces: [`${MARK}-place`], transitDays: 3, begunById: 'm-alder-customer_operator', begunAt: now,
      vms: { create: [{ ...owned, migrationId: IDS.migration, manifestHash: '0'.repeat(64) }] }, devices: { create: [{ ...owned, deviceIds: [`${MARK}-device`], place: `${MARK}-place`, storedBytes: GIB }] },
      events: { create: [{ ...owned, at: now, what: 'PREPARING', actorName: `${MARK} person`, detail: {} }] },
    },
  })
  // It hears of nothing that happens here, so that the coordinator leaves it as it is.
  await db.webhookEndpoint.create({
    data: {
      id: IDS.webhook, ...owned, name: `${MARK} webhook`, url: 'https://hooks.invalid/', eventTypes: ['estimate.ended'], createdById: 'm-alder-customer_operator', secrets: { create: [{ ...owned, sealed: `a sealed secret, ${'7'.repeat(40)}` }] },
      deliveries: { create: [{ id: IDS.delivery, ...owned, messageId: `${MARK}-message`, eventType: 'estimate.ended', payload: JSON.stringify({ name: MARK }), status: 'DELIVERED', attempts: 1 }] },
    },
  })
}
