import 'server-only'
import { readFactors, renewRecoveryCodes } from '@driftless/db'
import type { ScopedTx } from '@driftless/db'
import type { Person } from '@/server/person.ts'
import { newRecoveryCodes } from '@/server/sign-in/recovery-codes.ts'

/** New recovery codes, shown this once; those before count no more. */
export async function issueCodes(tx: ScopedTx, person: Person): Promise<string[]> {
  const codes = newRecoveryCodes(person.userId)
  await renewRecoveryCodes(tx, person, codes.map((code) => code.hash))
  return codes.map((code) => code.shown)
}

/** Whoever enrols a first factor gets recovery codes with it; null where there are some. */
export async function firstCodes(tx: ScopedTx, person: Person): Promise<string[] | null> {
  return (await readFactors(tx, person.userId)).recoveryCodesLeft > 0 ? null : issueCodes(tx, person)
}
