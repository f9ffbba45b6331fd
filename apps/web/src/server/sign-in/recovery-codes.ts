import 'server-only'
import { createHmac, randomBytes } from 'node:crypto'
import { env } from '../../env.ts'

const CODES = 10
/** 80 bits: short enough to be typed. They are hashed with a key that the database does not have, so nobody who reads it can guess them offline. */
const CODE_BYTES = 10
/** Crockford's letters: none is taken for another. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Ten new codes as people read them, `XXXX-XXXX-XXXX-XXXX`, and what is stored of each. */
export function newRecoveryCodes(userId: string): { shown: string; hash: string }[] {
  return Array.from({ length: CODES }, () => {
    const shown = (lettersOf(randomBytes(CODE_BYTES)).match(/.{4}/g) ?? []).join('-')
    return { shown, hash: recoveryCodeHash(userId, shown) }
  })
}

/** HMAC-SHA-256, hex; how a person writes it (case, dashes, O for 0) does not matter. */
export function recoveryCodeHash(userId: string, code: string): string {
  const plain = code.toUpperCase().replaceAll(/[^0-9A-Z]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return createHmac('sha256', env().SEALING_KEY).update(`recovery-code ${userId} ${plain}`).digest('hex')
}

/** Five bits a letter. */
function lettersOf(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map((five) => LETTERS.charAt(Number.parseInt(five, 2))).join('')
}
