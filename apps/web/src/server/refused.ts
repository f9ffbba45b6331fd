import 'server-only'
import { inScope, noteFurtherRefusals, noteRefusal } from '@driftless/db'
import { db } from './db.ts'
import { log } from './log.ts'
import { scopeOf } from './person.ts'
import type { Person } from './person.ts'
import { createRefusalLimit } from './refusal-limit.ts'

/** No rule's no: the caller's mistake, nobody's session, or our own fault, which has its place in the log of the program. */
const NO_RULE: readonly string[] = ['BAD_INPUT', 'SIGNED_OUT', 'TOO_LARGE', 'UNEXPECTED']

const limit = createRefusalLimit()

/**
 * Writes down that this person was refused `procedure` (a procedure's or route's name), with the code and words they were
 * answered; what they sent is not kept. So many a minute, and then that there were more. Whatever fails here changes no answer.
 */
export async function noteRefused(person: Person, address: string | null, procedure: string, code: string, reason: string): Promise<void> {
  if (NO_RULE.includes(code)) return
  const turn = limit(person.userId, Date.now())
  if (turn === 'SILENT') return
  const { providerId, tenantId } = person
  try {
    await inScope(db(), scopeOf(person, address), (tx) => (turn === 'LIST' ? noteRefusal(tx, { providerId, tenantId, procedure, code, reason }) : noteFurtherRefusals(tx, { providerId, tenantId, procedure })))
  } catch (error) {
    log().error({ err: error, procedure, code }, 'a refusal could not be written into the audit log')
  }
}
