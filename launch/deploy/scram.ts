import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** PostgreSQL's own default. */
const ITERATIONS = 4096
const SALT_BYTES = 16
const KEY_BYTES = 32

const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/**
 * The verifier that PostgreSQL stores for a password (RFC 5803 as in `src/common/scram-common.c`). Given
 * in its place, the password itself never stands in a statement, a server log or `pg_stat_statements`.
 * For passwords of plain ASCII, as ours are: others would need SASLprep.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(SALT_BYTES)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha256')
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${hmac(salted, 'Server Key').toString('base64')}`
}
