import { USER_ROLES } from '@driftless/domain'
import { z } from 'zod'
import type { Db } from '../client.ts'
import type { ScopedTx } from '../scope.ts'
import { tokenHash } from '../token-hash.ts'

/** As long as somebody looks for their phone. */
export const TICKET_SECONDS = 5 * 60
/** A person mistypes a few times. */
const MOST_TRIES = 5

const someone = { id: z.string(), email: z.string(), name: z.string(), role: z.enum(USER_ROLES), tenant_id: z.string().nullable(), provider_id: z.string() }
const nobody = { id: z.null(), email: z.null(), name: z.null(), role: z.null(), tenant_id: z.null(), provider_id: z.null() }
const tried = z.union([z.object({ challenge: z.string(), ...someone }), z.object({ challenge: z.string(), ...nobody })])
const passkey = z.object({ credential_id: z.string(), public_key: z.instanceof(Uint8Array), counter: z.bigint(), transports: z.array(z.string()), ...someone })

const personOf = (found: z.infer<z.ZodObject<typeof someone>>) => ({ userId: found.id, name: found.name, email: found.email, role: found.role, tenantId: found.tenant_id, providerId: found.provider_id })

/** Begins a sign-in that takes another step: `userId` after a right password, null for a passkey whose owner will be known by it. */
export async function openSignInTicket(db: Db, ticket: string, userId: string | null, challenge: string): Promise<void> {
  await db.$executeRaw`SELECT open_sign_in_ticket(${tokenHash(ticket)}, ${userId}, ${challenge}, ${TICKET_SECONDS}::int)`
}

/** Counts one try. Resolves to what a passkey has to sign, and to whose sign-in it is; null: unknown, used, run out, or tried too often. */
export async function trySignInTicket(db: Db, ticket: string) {
  const rows = z.array(tried).max(1).parse(await db.$queryRaw`SELECT * FROM try_sign_in_ticket(${tokenHash(ticket)}, ${MOST_TRIES}::int)`)
  const found = rows[0]
  if (!found) return null
  return { challenge: found.challenge, person: found.id === null ? null : personOf(found) }
}

/** Ends it inside the transaction that opens the session; of many at once one resolves to true. */
export async function useSignInTicket(tx: ScopedTx, ticket: string): Promise<boolean> {
  const [answer] = z.tuple([z.object({ used: z.boolean() })]).parse(await tx.db.$queryRaw`SELECT use_sign_in_ticket(${tokenHash(ticket)}) AS used`)
  return answer.used
}

/** The passkey of this credential (base64url), and whose it is; null when nobody enrolled it or its owner is shut out. */
export async function findPasskey(db: Db | ScopedTx['db'], credentialId: string) {
  const rows = z.array(passkey).max(1).parse(await db.$queryRaw`SELECT * FROM find_passkey(${credentialId})`)
  const found = rows[0]
  if (!found) return null
  return { person: personOf(found), credential: { id: found.credential_id, publicKey: Uint8Array.from(found.public_key), counter: Number(found.counter), transports: found.transports } }
}
