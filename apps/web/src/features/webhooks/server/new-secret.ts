import 'server-only'
import { randomBytes, randomUUID } from 'node:crypto'
import type { SealedSecret } from '@driftless/db'
import { webhookSecretContext } from '@driftless/domain'
import { sealText } from '@driftless/sealing'
import { env } from '@/env.ts'

/** The specification asks for 24 to 64. */
const SECRET_BYTES = 32

/** A signing secret as its receiver needs it, `whsec_…`, and as it is stored: only the coordinator opens it again. */
export function newSecret(): { secret: string; stored: SealedSecret } {
  const id = randomUUID()
  const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`
  return { secret, stored: { id, sealed: sealText(env().SEALING_KEY, secret, webhookSecretContext(id)) } }
}
