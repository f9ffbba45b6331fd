import 'server-only'
import { inScope, mustUseSignOn, noteRefusedSignIn } from '@driftless/db'
import type { RefusalReason } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { db } from '../db.ts'
import { log } from '../log.ts'
import { scopeOf } from '../person.ts'
import type { Person } from '../person.ts'

/**
 * Writes down that a sign-in of somebody who is known was refused, behind the answer: whether there was something to write
 * must not be seen in its time.
 */
export function noteRefused(person: Person, reason: RefusalReason, address: string | null): void {
  const scope = { ...scopeOf(person, address), actor: { kind: 'SYSTEM', id: null, name: 'Driftless', address } as const }
  inScope(db(), scope, (tx) => noteRefusedSignIn(tx, person, reason)).catch((error: unknown) => log().error({ err: error, userId: person.userId, reason }, 'a refused sign-in was not written down'))
}

/** Who leaves an organisation whose sign-on is the only way in must not stay by a password or passkey of before. SIGN_ON_REQUIRED. */
export async function refuseWhereSignOnMust(person: Person): Promise<void> {
  if (await mustUseSignOn(db(), person.userId)) throw new DomainError('SIGN_ON_REQUIRED', 'This organisation signs its people in itself.')
}
