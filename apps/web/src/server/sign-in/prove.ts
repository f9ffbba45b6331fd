import 'server-only'
import type { Factor } from '@driftless/domain'
import { findPasskey, readTotp, usePasskey, useRecoveryCode, useTotpStep } from '@driftless/db'
import type { RefusalReason, ScopedTx } from '@driftless/db'
import { z } from 'zod'
import type { Person } from '../person.ts'
import { recoveryCodeHash } from './recovery-codes.ts'
import { totpStep } from './totp.ts'
import { assertion, verifyAssertion } from './webauthn.ts'

/** What a person shows besides the password. */
export const proof = z.discriminatedUnion('method', [
  z.object({ method: z.literal('TOTP'), code: z.string().max(20) }),
  z.object({ method: z.literal('RECOVERY_CODE'), code: z.string().max(60) }),
  z.object({ method: z.literal('PASSKEY'), response: assertion }),
])
export type Proof = z.infer<typeof proof>

export const REFUSAL_OF = { TOTP: 'WRONG_CODE', RECOVERY_CODE: 'WRONG_RECOVERY_CODE', PASSKEY: 'WRONG_PASSKEY' } as const satisfies Record<Proof['method'], RefusalReason>

/**
 * Whether this is a second factor of this person, and uses it up: a code is accepted once, a passkey signs one challenge. In the
 * person's own scope; `challenge` is what a passkey was asked to sign (null: it was not asked).
 */
export async function prove(tx: ScopedTx, person: Person, shown: Proof, challenge: string | null, now: Date): Promise<Factor | null> {
  switch (shown.method) {
    case 'TOTP': {
      const row = await readTotp(tx, person.userId)
      const step = row === null || row.confirmedAt === null ? null : await totpStep(row, shown.code, now)
      return step !== null && (await useTotpStep(tx, person, step)) ? 'TOTP' : null
    }
    case 'RECOVERY_CODE':
      return (await useRecoveryCode(tx, person, recoveryCodeHash(person.userId, shown.code), now)) ? 'RECOVERY_CODE' : null
    case 'PASSKEY': {
      const found = await findPasskey(tx.db, shown.response.id)
      if (challenge === null || found?.person.userId !== person.userId) return null
      const signed = await verifyAssertion(shown.response, challenge, found.credential)
      return signed !== null && (await usePasskey(tx, person, found.credential.id, signed.counter, signed.synced, now)) ? 'PASSKEY' : null
    }
  }
}
