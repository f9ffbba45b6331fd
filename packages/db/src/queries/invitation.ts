import { USER_ROLES } from '@driftless/domain'
import { z } from 'zod'
import type { Db } from '../client.ts'
import type { ScopedTx } from '../scope.ts'

const invitation = z.object({
  id: z.string(), provider_id: z.string(), tenant_id: z.string().nullable(), email: z.string(), name: z.string(), role: z.enum(USER_ROLES), locale: z.string(),
  organisation: z.string(), provider_name: z.string(), invited_by: z.string().nullable(), expires_at: z.date(), connection_id: z.string().nullable(), enforced: z.boolean(),
})

/** The open invitation behind the SHA-256 of its token; null when there is none, it was used or withdrawn, or its time is over. */
export async function findInvitation(db: Db, tokenHash: string) {
  const found = z.array(invitation).max(1).parse(await db.$queryRaw`SELECT * FROM find_invitation(${tokenHash})`)[0]
  if (!found) return null
  return {
    id: found.id, providerId: found.provider_id, tenantId: found.tenant_id, email: found.email, name: found.name, role: found.role, locale: found.locale,
    organisation: found.organisation, providerName: found.provider_name, invitedBy: found.invited_by, expiresAt: found.expires_at,
    /** The organisation's sign-on, and whether it is the only way in. */
    connectionId: found.connection_id, enforced: found.enforced,
  }
}
export type FoundInvitation = NonNullable<Awaited<ReturnType<typeof findInvitation>>>

const reset = z.object({ id: z.string(), provider_id: z.string(), tenant_id: z.string().nullable(), user_id: z.string(), email: z.string(), name: z.string() })

/** Whose password the token with this SHA-256 may replace; null when it was used or its time is over. */
export async function findPasswordReset(db: Db, tokenHash: string) {
  const found = z.array(reset).max(1).parse(await db.$queryRaw`SELECT * FROM find_password_reset(${tokenHash})`)[0]
  return found ? { id: found.id, providerId: found.provider_id, tenantId: found.tenant_id, userId: found.user_id, email: found.email, name: found.name } : null
}
export type FoundPasswordReset = NonNullable<Awaited<ReturnType<typeof findPasswordReset>>>

/** Whether an e-mail address is somebody's, in any organisation of the installation. */
export async function isEmailTaken(tx: ScopedTx, email: string): Promise<boolean> {
  return z.tuple([z.object({ taken: z.boolean() })]).parse(await tx.db.$queryRaw`SELECT email_is_taken(${email}) AS taken`)[0].taken
}
