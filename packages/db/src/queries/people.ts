import type { ScopedTx } from '../scope.ts'

/** More than an administrator reads; a list this long needs another page first. */
const MOST = 2_000

/** The people of the scope, by name: how they sign in, never with what. `lastSession`: the latest of the last month. */
export async function listPeople(tx: ScopedTx) {
  const people = await tx.db.user.findMany({
    select: { id: true, tenantId: true, email: true, name: true, role: true, createdAt: true, deactivatedAt: true, hasPassword: true },
    orderBy: [{ name: 'asc' }, { id: 'asc' }], take: MOST,
  })
  const accounts = await tx.db.oidcAccount.findMany({ select: { userId: true, lastUsedAt: true }, take: MOST })
  const sessions = await tx.db.portalSession.findMany({ select: { userId: true, createdAt: true, factors: true }, distinct: ['userId'], orderBy: [{ userId: 'asc' }, { createdAt: 'desc' }] })
  const latest = new Map(sessions.map((session) => [session.userId, { at: session.createdAt, factors: session.factors }]))
  const linked = new Map(accounts.map((account) => [account.userId, account.lastUsedAt]))
  return people.map((person) => ({ ...person, hasPassword: person.hasPassword === true, signOnLastUsedAt: linked.get(person.id) ?? null, lastSession: latest.get(person.id) ?? null }))
}

/** Invitations that nobody has accepted or withdrawn, the newest first; those whose time is over are among them. */
export function listOpenInvitations(tx: ScopedTx) {
  return tx.db.invitation.findMany({
    where: { acceptedAt: null, withdrawnAt: null },
    select: { id: true, tenantId: true, email: true, name: true, role: true, createdAt: true, expiresAt: true },
    orderBy: { createdAt: 'desc' }, take: MOST,
  })
}

/** What is demanded at sign-in besides the password: of the provider's staff, of all customers' people, and of each customer's. */
export async function readSecondFactorPolicies(tx: ScopedTx, providerId: string) {
  const provider = await tx.db.provider.findUniqueOrThrow({ where: { id: providerId }, select: { name: true, staffSecondFactor: true, customersSecondFactor: true } })
  const customers = await tx.db.tenant.findMany({ where: { providerId }, select: { id: true, name: true, secondFactor: true }, orderBy: { name: 'asc' }, take: MOST })
  return { providerName: provider.name, staff: provider.staffSecondFactor, allCustomers: provider.customersSecondFactor, customers }
}
