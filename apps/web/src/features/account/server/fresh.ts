import 'server-only'
import { readFactors } from '@driftless/db'
import type { ScopedTx } from '@driftless/db'
import { DomainError, isFresh } from '@driftless/domain'
import type { CurrentSession } from '@/server/session.ts'

/** What of a person's factors counts. */
export async function enrolledOf(tx: ScopedTx, userId: string) {
  const { totpSince, passkeys } = await readFactors(tx, userId)
  return { totp: totpSince !== null, passkeys: passkeys.length }
}

/** CONFIRM_FIRST unless the person has shown who they are within the last ten minutes, with a second factor where they have one. */
export async function demandFresh(tx: ScopedTx, session: CurrentSession, now: Date): Promise<void> {
  const fresh = isFresh({ authenticatedAtMs: session.authenticatedAt.getTime(), factors: session.factors }, await enrolledOf(tx, session.person.userId), now.getTime())
  if (!fresh) throw new DomainError('CONFIRM_FIRST', 'Confirm that it is you first.')
}
