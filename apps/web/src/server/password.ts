import 'server-only'
import { hash, verify } from '@node-rs/argon2'

let decoy: Promise<string> | undefined

/** Argon2id with the library's parameters (19 MiB, 2 passes: OWASP's). */
export function hashPassword(password: string): Promise<string> {
  return hash(password)
}

/** Whether the password is the one of this hash; null takes as long, and is wrong. */
export async function isPassword(stored: string | null, password: string): Promise<boolean> {
  decoy ??= hash(crypto.randomUUID())
  const right = await verify(stored ?? (await decoy), password)
  return right && stored !== null
}
