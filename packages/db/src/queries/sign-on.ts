import { z } from 'zod'
import type { Db } from '../client.ts'
import type { ScopedTx } from '../scope.ts'

/** The connection that people of an e-mail domain sign on by; null when there is none. One look-up, whatever it finds. */
export async function findSignOn(db: Db, domain: string): Promise<string | null> {
  return z.tuple([z.object({ id: z.string().nullable() })]).parse(await db.$queryRaw`SELECT find_oidc_connection(${domain}) AS id`)[0].id
}

const connection = z.object({ id: z.string(), provider_id: z.string(), tenant_id: z.string().nullable(), issuer: z.string(), client_id: z.string(), client_secret_sealed: z.string() })

/** What signing on by a connection needs, before anybody is known; null when there is none. */
export async function readSignOn(db: Db, id: string) {
  const found = z.array(connection).max(1).parse(await db.$queryRaw`SELECT * FROM read_oidc_connection(${id})`)[0]
  return found ? { id: found.id, providerId: found.provider_id, tenantId: found.tenant_id, issuer: found.issuer, clientId: found.client_id, clientSecretSealed: found.client_secret_sealed } : null
}
export type SignOn = NonNullable<Awaited<ReturnType<typeof readSignOn>>>

/** Whether a person must come by their organisation's sign-on and by nothing else. */
export async function mustUseSignOn(db: Db, userId: string): Promise<boolean> {
  return z.tuple([z.object({ must: z.boolean() })]).parse(await db.$queryRaw`SELECT must_use_sign_on(${userId}) AS must`)[0].must
}

/** The scope's sign-ons as administrators see them: without the secret. */
export async function listSignOns(tx: ScopedTx) {
  const found = await tx.db.oidcConnection.findMany({ select: { id: true, tenantId: true, issuer: true, clientId: true, defaultRole: true, enforced: true, updatedAt: true }, orderBy: { id: 'asc' } })
  const domains = await tx.db.oidcDomain.findMany({ orderBy: { domain: 'asc' } })
  return found.map((one) => ({ ...one, domains: domains.filter(({ connectionId }) => connectionId === one.id).map(({ domain }) => domain) }))
}
