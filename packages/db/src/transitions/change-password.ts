import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { revokeSessionsOf } from './revoke-sessions.ts'
import { subjectOf } from './session.ts'
import type { Account } from './session.ts'

/**
 * Replaces a person's own password (argon2id hashes) and ends all their sessions but this one. PASSWORD_CHANGED when it is no
 * longer the one that `oldHash` was read from.
 */
export async function changePassword(tx: ScopedTx, account: Account, { oldHash, newHash, sessionId, now }: { oldHash: string; newHash: string; sessionId: string; now: Date }): Promise<void> {
  const [{ changed }] = z.tuple([z.object({ changed: z.boolean() })]).parse(await tx.db.$queryRaw`SELECT set_own_password(${oldHash}, ${newHash}) AS changed`)
  if (!changed) throw new DomainError('PASSWORD_CHANGED', 'The password was changed meanwhile. Sign in again with the new one.')
  await audit(tx, 'password.change', subjectOf(account))
  await revokeSessionsOf(tx, account.userId, { exceptId: sessionId, now })
}
