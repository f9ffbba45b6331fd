import 'server-only'
import { DomainError, PASSWORD_LEAST, PASSWORD_MOST, passwordWeakness } from '@driftless/domain'
import { z } from 'zod'
import { hashPassword } from '@/server/password.ts'

/** A password as it comes from a form; what it is worth is said in words, by `chosenPassword`. */
export const password = z.string().max(PASSWORD_MOST * 2)

/** The argon2id hash of a password that somebody chose. PASSWORD_WEAK with what is wrong. */
export async function chosenPassword(chosen: string, person: { email: string; name: string }): Promise<string> {
  const weakness = passwordWeakness(chosen, person)
  if (weakness !== null) throw new DomainError('PASSWORD_WEAK', `The password is not good enough: ${weakness}.`, { weakness, least: PASSWORD_LEAST, most: PASSWORD_MOST })
  return hashPassword(chosen)
}
