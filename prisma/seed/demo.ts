/**
 * The demo scenario: one provider, two customers, a source site with a lab host, a target site.
 * Deterministic: fixed ids, fixed names; the only thing made anew are enrolment secrets.
 */
import { randomBytes } from 'node:crypto'
import { tokenHash } from '@driftless/db'
import type { Db } from '@driftless/db'

/** One password for all demo people; shown on the sign-in page of a demo installation. */
export const DEMO_PASSWORD = 'driftless-demo'

const PROVIDER = 'northwind'
const ALPINE = 'alpine'
const HARBOUR = 'harbour'

/** Who can sign in, in the order in which a person would play them. */
export const DEMO_PEOPLE = [
  { id: 'user-olivia', email: 'operator@alpine.example', name: 'Olivia Berger', role: 'CUSTOMER_OPERATOR', tenantId: ALPINE },
  { id: 'user-samir', email: 'scheduler@northwind.example', name: 'Samir Haddad', role: 'PROVIDER_SCHEDULER', tenantId: null },
  { id: 'user-anna', email: 'approver@alpine.example', name: 'Anna Keller', role: 'CUSTOMER_APPROVER', tenantId: ALPINE },
  { id: 'user-ada', email: 'admin@northwind.example', name: 'Ada Lindqvist', role: 'PROVIDER_ADMIN', tenantId: null },
  { id: 'user-henry', email: 'operator@harbour.example', name: 'Henry Walsh', role: 'CUSTOMER_OPERATOR', tenantId: HARBOUR },
] as const

export const DEMO_SOURCE_SITE = 'site-alpine-hq'
export const DEMO_TARGET_SITE = 'site-northwind-zurich'
const HARBOUR_SITE = 'site-harbour-main'

/** 2 Gbit/s: quick enough to watch, slow enough to see. */
const LINK_RATE_BYTES_PER_SECOND = 250_000_000n

const NETWORKS = ['web-prod', 'db-prod', 'apps-prod']
const NETWORK_MAP = [
  { source: 'vlan-20-web', target: 'web-prod' },
  { source: 'vlan-30-db', target: 'db-prod' },
  { source: 'vlan-40-apps', target: 'apps-prod' },
]
const STORAGES = ['nvme-gold', 'ssd-silver']

/** Fills an empty database; leaves one that has the demo's provider alone. `hashPassword` is the portal's own. */
export async function seedDemo(db: Db, hashPassword: (password: string) => Promise<string>): Promise<boolean> {
  if ((await db.provider.count({ where: { id: PROVIDER } })) > 0) return false
  const passwordHash = await hashPassword(DEMO_PASSWORD)
  const destination = { providerId: PROVIDER, targetSiteId: DEMO_TARGET_SITE, networks: NETWORKS, networkMap: NETWORK_MAP, defaultNetwork: 'apps-prod', storages: STORAGES }
  await db.$transaction([
    db.provider.create({ data: { id: PROVIDER, name: 'Northwind Cloud', accentColor: '#2f6fed', isDemo: true } }),
    db.tenant.createMany({ data: [{ id: ALPINE, providerId: PROVIDER, name: 'Alpine Outfitters' }, { id: HARBOUR, providerId: PROVIDER, name: 'Harbour Health' }] }),
    db.user.createMany({ data: DEMO_PEOPLE.map((person) => ({ ...person, providerId: PROVIDER, passwordHash })) }),
    db.site.createMany({
      data: [
        { id: DEMO_SOURCE_SITE, providerId: PROVIDER, tenantId: ALPINE, kind: 'SOURCE', name: 'Alpine headquarters', linkRateBytesPerSecond: LINK_RATE_BYTES_PER_SECOND },
        { id: HARBOUR_SITE, providerId: PROVIDER, tenantId: HARBOUR, kind: 'SOURCE', name: 'Harbour main building' },
        { id: DEMO_TARGET_SITE, providerId: PROVIDER, tenantId: null, kind: 'TARGET', name: 'Northwind Zürich' },
      ],
    }),
    db.destination.createMany({ data: [{ id: 'destination-alpine', tenantId: ALPINE, name: 'Zürich production', ...destination }, { id: 'destination-harbour', tenantId: HARBOUR, name: 'Zürich production', ...destination }] }),
  ])
  return true
}

/** As long as a token may live: the demo's agents enrol at their first start. One that was interrupted makes new ones. */
const SECRET_LIFETIME_MS = 3_600_000

/** Makes an enrolment secret for each demo site that has no agent yet; null where one is enrolled. */
export async function demoEnrolmentSecrets(db: Db, now: Date): Promise<{ source: string | null; target: string | null }> {
  const secretFor = async (siteId: string, tenantId: string | null) => {
    if ((await db.agent.count({ where: { siteId } })) > 0) return null
    const secret = randomBytes(32).toString('base64url')
    await db.enrolmentToken.create({
      data: { providerId: PROVIDER, tenantId, siteId, secretHash: tokenHash(secret), createdAt: now, expiresAt: new Date(now.getTime() + SECRET_LIFETIME_MS) },
    })
    return secret
  }
  return { source: await secretFor(DEMO_SOURCE_SITE, ALPINE), target: await secretFor(DEMO_TARGET_SITE, null) }
}
