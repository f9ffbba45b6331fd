import { createHash } from 'node:crypto'

/** What of a random secret (a session's, a ticket's, a link's, an enrolment token's) is stored: its SHA-256, hex. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
