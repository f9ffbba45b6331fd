import { DomainError, INVITATION_DAYS, roleFits } from '@driftless/domain'
import type { UserRole } from '@driftless/domain'
import { audit } from '../audit.ts'
import { Prisma } from '../generated/client.ts'
import { isEmailTaken } from '../queries/invitation.ts'
import type { ScopedTx } from '../scope.ts'

const DAY_MS = 86_400_000
const until = (now: Date) => new Date(now.getTime() + INVITATION_DAYS * DAY_MS)

export type Invite = { readonly tenantId: string | null; readonly email: string; readonly name: string; readonly role: UserRole; readonly locale: string }

/**
 * Asks somebody in, to one of the provider's customers or (`tenantId` null) to its own staff; answers with the invitation's id.
 * `tokenHash`: SHA-256 of the token, in hexadecimal. TENANT_UNKNOWN, ROLE_MISFIT, EMAIL_TAKEN, ALREADY_INVITED.
 */
export async function invitePerson(tx: ScopedTx, providerId: string, invite: Invite, tokenHash: string, now: Date): Promise<string> {
  const email = invite.email.toLowerCase()
  if (!roleFits(invite.role, invite.tenantId)) throw new DomainError('ROLE_MISFIT', 'This role belongs to the other side.')
  if (invite.tenantId !== null && !(await tx.db.tenant.findUnique({ where: { id: invite.tenantId }, select: { id: true } }))) throw new DomainError('TENANT_UNKNOWN', 'There is no such customer.')
  if (await isEmailTaken(tx, email)) throw new DomainError('EMAIL_TAKEN', `${email} signs in here already.`, { email })
  // One whose time is over stands in nobody's way.
  await tx.db.invitation.updateMany({ where: { email, acceptedAt: null, withdrawnAt: null, expiresAt: { lte: now } }, data: { withdrawnAt: now } })
  if ((await tx.db.invitation.count({ where: { email, acceptedAt: null, withdrawnAt: null } })) > 0) throw new DomainError('ALREADY_INVITED', `${email} is invited already.`, { email })
  const id = crypto.randomUUID()
  try {
    await tx.db.invitation.createMany({ data: [{ id, providerId, ...invite, email, tokenHash, createdById: tx.actor.id ?? '', createdAt: now, expiresAt: until(now) }] })
  } catch (error) {
    // Invited at the same moment, or by another provider of this installation.
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') throw new DomainError('ALREADY_INVITED', `${email} is invited already.`, { email })
    throw error
  }
  await audit(tx, 'person.invite', { providerId, tenantId: invite.tenantId, kind: 'user', id, name: invite.name }, { after: invite.role, detail: { email } })
  return id
}

async function readOpen(tx: ScopedTx, id: string) {
  const found = await tx.db.invitation.findUnique({ where: { id }, select: { id: true, providerId: true, tenantId: true, email: true, name: true, role: true, locale: true, acceptedAt: true, withdrawnAt: true } })
  if (!found || found.acceptedAt !== null || found.withdrawnAt !== null) throw new DomainError('INVITATION_UNKNOWN', 'This invitation is no longer open.')
  return { found, subject: { providerId: found.providerId, tenantId: found.tenantId, kind: 'user', id, name: found.name } as const }
}

/** Gives an open invitation another token and all of its time again; the earlier token is worth nothing from then on. INVITATION_UNKNOWN. */
export async function renewInvitation(tx: ScopedTx, id: string, tokenHash: string, now: Date) {
  const { found, subject } = await readOpen(tx, id)
  const written = await tx.db.invitation.updateMany({ where: { id, acceptedAt: null, withdrawnAt: null }, data: { tokenHash, expiresAt: until(now) } })
  if (written.count !== 1) throw new DomainError('INVITATION_UNKNOWN', 'This invitation is no longer open.')
  await audit(tx, 'person.invite-again', subject)
  return found
}

/** Takes an open invitation back. INVITATION_UNKNOWN. */
export async function withdrawInvitation(tx: ScopedTx, id: string, now: Date): Promise<void> {
  const { subject } = await readOpen(tx, id)
  const written = await tx.db.invitation.updateMany({ where: { id, acceptedAt: null, withdrawnAt: null }, data: { withdrawnAt: now } })
  if (written.count !== 1) throw new DomainError('INVITATION_UNKNOWN', 'This invitation is no longer open.')
  await audit(tx, 'person.invite-withdraw', subject)
}
