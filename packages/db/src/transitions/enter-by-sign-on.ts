import { judgeSignOn } from '@driftless/domain'
import type { SignOnClaims, SignOnPerson, SignOnRefusal } from '@driftless/domain'
import { audit } from '../audit.ts'
import { isEmailTaken } from '../queries/invitation.ts'
import type { SignOn } from '../queries/sign-on.ts'
import type { ScopedTx } from '../scope.ts'
import { acceptInvitation, addPerson } from './accept-invitation.ts'
import { organisationName } from './save-sign-on.ts'

const PERSON = { id: true, providerId: true, tenantId: true, name: true, email: true, role: true, deactivatedAt: true } as const

/**
 * Lets in whom an organisation's sign-on vouches for, as the rules in `domain/people.ts` say: ties a subject that is new to its
 * person, or makes one; a refusal is written down. `name`, `locale`: of somebody new. In the provider's scope.
 */
export async function enterBySignOn(tx: ScopedTx, signOn: Pick<SignOn, 'id' | 'providerId' | 'tenantId' | 'issuer'>, claims: SignOnClaims, fresh: { name: string; locale: string }, now: Date) {
  const { id: connectionId, providerId, tenantId, issuer } = signOn
  const rules = await tx.db.oidcConnection.findUniqueOrThrow({ where: { id: connectionId }, select: { defaultRole: true } })
  const domains = (await tx.db.oidcDomain.findMany({ where: { connectionId } })).map(({ domain }) => domain)
  const account = await tx.db.oidcAccount.findUnique({ where: { connectionId_subject: { connectionId, subject: claims.subject } } })
  const linked = account && account.issuer === issuer ? await tx.db.user.findUnique({ where: { id: account.userId }, select: PERSON }) : null
  const email = claims.email?.toLowerCase() ?? null
  const invitation = email === null ? null : await tx.db.invitation.findFirst({
    where: { email, providerId, tenantId, acceptedAt: null, withdrawnAt: null, expiresAt: { gt: now } },
    select: { id: true, providerId: true, tenantId: true, email: true, name: true, role: true, locale: true, expiresAt: true },
  })
  const judged = linked && { ...linked, deactivated: linked.deactivatedAt !== null, subject: claims.subject }
  const decision = judgeSignOn({ issuer, providerId, tenantId, domains, defaultRole: rules.defaultRole }, claims, judged, email === null ? null : await namesakeOf(tx, email), invitation?.role ?? null)
  if (decision.kind === 'REFUSE') {
    await noteSignOnRefused(tx, signOn, decision.reason, { subject: claims.subject, ...(email === null ? {} : { email }) })
    return { kind: 'REFUSED', reason: decision.reason } as const
  }
  const userId = decision.kind === 'CREATE' ? await create() : decision.userId
  if (decision.kind === 'ENTER') await tx.db.oidcAccount.updateMany({ where: { connectionId, subject: claims.subject }, data: { lastUsedAt: now } })
  else await link()
  return { kind: 'ENTERED', person: await tx.db.user.findUniqueOrThrow({ where: { id: userId }, select: PERSON }) } as const

  async function create(): Promise<string> {
    if (invitation) return acceptInvitation(tx, invitation, { name: fresh.name, passwordHash: null }, now)
    const id = crypto.randomUUID()
    if (decision.kind !== 'CREATE') return id
    await addPerson(tx, { id, providerId, tenantId, email: decision.email, name: fresh.name, role: decision.role, locale: fresh.locale, passwordHash: null })
    await audit(tx, 'person.join', { providerId, tenantId, kind: 'user', id, name: fresh.name }, { after: decision.role, detail: { email: decision.email, issuer } })
    return id
  }

  async function link(): Promise<void> {
    const { name } = await tx.db.user.findUniqueOrThrow({ where: { id: userId }, select: { name: true } })
    await tx.db.oidcAccount.createMany({ data: [{ connectionId, subject: claims.subject, providerId, tenantId, issuer, userId, linkedAt: now, lastUsedAt: now }] })
    await audit(tx, 'person.link', { providerId, tenantId, kind: 'user', id: userId, name }, { detail: { issuer, subject: claims.subject } })
  }
}

/** Somebody with this address. Of another provider only that there is one can be known. */
async function namesakeOf(tx: ScopedTx, email: string): Promise<SignOnPerson | null> {
  const found = await tx.db.user.findUnique({ where: { email }, select: PERSON })
  if (!found) return (await isEmailTaken(tx, email)) ? { id: '', providerId: '', tenantId: null, deactivated: false, subject: null } : null
  const account = await tx.db.oidcAccount.findUnique({ where: { userId: found.id }, select: { subject: true } })
  return { id: found.id, providerId: found.providerId, tenantId: found.tenantId, deactivated: found.deactivatedAt !== null, subject: account?.subject ?? null }
}

/** Writes down that a sign-on let somebody through whom we did not: `PROTOCOL` where its answer itself was not in order. */
export async function noteSignOnRefused(tx: ScopedTx, signOn: Pick<SignOn, 'id' | 'providerId' | 'tenantId'>, reason: SignOnRefusal | 'PROTOCOL', who: { subject?: string; email?: string } = {}): Promise<void> {
  const { id, providerId, tenantId } = signOn
  const subject = { providerId, tenantId, kind: 'sign-on', id, name: await organisationName(tx, providerId, tenantId) } as const
  await audit(tx, 'sign-on.refuse', subject, { after: reason, detail: who })
}
