import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import { Prisma } from '../generated/client.ts'
import type { FoundInvitation } from '../queries/invitation.ts'
import type { ScopedTx } from '../scope.ts'

/**
 * Makes a person of an invitation, which is used up by it: of many who try at once, one wins. `passwordHash`: argon2id; null for
 * one who comes by the organisation's sign-on. Answers with the person's id. INVITATION_UNKNOWN when it was used, withdrawn or
 * renewed since it was read; EMAIL_TAKEN.
 */
export async function acceptInvitation(tx: ScopedTx, invitation: Pick<FoundInvitation, 'id' | 'providerId' | 'tenantId' | 'email' | 'role' | 'locale' | 'expiresAt'>, chosen: { name: string; passwordHash: string | null }, now: Date): Promise<string> {
  const { id, providerId, tenantId, email, role, locale } = invitation
  const taken = await tx.db.invitation.updateMany({ where: { id, acceptedAt: null, withdrawnAt: null, expiresAt: { equals: invitation.expiresAt, gt: now } }, data: { acceptedAt: now } })
  if (taken.count !== 1) throw new DomainError('INVITATION_UNKNOWN', 'This invitation is no longer open.')
  await addPerson(tx, { id, providerId, tenantId, email, role, locale, ...chosen })
  await audit(tx, 'person.accept', { providerId, tenantId, kind: 'user', id, name: chosen.name }, { after: role, detail: { by: chosen.passwordHash === null ? 'sign-on' : 'password' } })
  return id
}

/** Writes a new person. EMAIL_TAKEN when the address is somebody's already. */
export async function addPerson(tx: ScopedTx, person: { id: string } & Pick<Prisma.UserCreateManyInput, 'providerId' | 'tenantId' | 'email' | 'name' | 'role' | 'locale' | 'passwordHash'>): Promise<void> {
  try {
    await tx.db.user.createMany({ data: [person] })
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') throw new DomainError('EMAIL_TAKEN', `${person.email} signs in here already.`, { email: person.email })
    throw error
  }
}
