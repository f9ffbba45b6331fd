import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/** What a person was refused: by which procedure or route, with which stable code, and in which words. */
export type RefusedAccess = { readonly providerId: string; readonly tenantId: string | null; readonly procedure: string; readonly code: string; readonly reason: string }

/** Longer ones repeat what was asked for. */
const REASON_CHARACTERS_MAX = 500

/** Writes down that the person who acts was refused something; what they asked for is not repeated. */
export async function noteRefusal(tx: ScopedTx, { procedure, code, reason, ...owner }: RefusedAccess): Promise<void> {
  await audit(tx, 'access.refused', { ...owner, kind: 'procedure', id: procedure, name: procedure }, { after: code, reason: reason.slice(0, REASON_CHARACTERS_MAX) })
}

/** Writes down, once, that this person's refusals of this minute are no longer listed. */
export async function noteFurtherRefusals(tx: ScopedTx, { procedure, ...owner }: Pick<RefusedAccess, 'providerId' | 'tenantId' | 'procedure'>): Promise<void> {
  await audit(tx, 'access.refused-more', { ...owner, kind: 'procedure', id: procedure, name: procedure })
}
