import { z } from 'zod'
import { USER_ROLES } from '@driftless/domain'
import type { Db } from '../client.ts'

const row = z.object({
  id: z.string(), email: z.string(), name: z.string(), role: z.enum(USER_ROLES), password_hash: z.string().nullable(),
  tenant_id: z.string().nullable(), provider_id: z.string(), locale: z.string(),
})

/** The person behind an e-mail address, with the hash to check the password against; null when there is none. */
export async function findSignIn(db: Db, email: string) {
  const rows = z.array(row).max(1).parse(await db.$queryRaw`SELECT * FROM find_sign_in(${email})`)
  const found = rows[0]
  if (!found) return null
  return {
    id: found.id, email: found.email, name: found.name, role: found.role, passwordHash: found.password_hash,
    tenantId: found.tenant_id, providerId: found.provider_id, locale: found.locale,
  }
}
