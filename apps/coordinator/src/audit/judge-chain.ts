import type { Anchor } from '@driftless/audit-chain'
import type { AuditHeadView } from '@driftless/db'

export type Judgement =
  /** Nothing to do. */
  | { readonly kind: 'FITS' }
  /** `lost`: what was published before is no longer there. */
  | { readonly kind: 'PUBLISH'; readonly head: { readonly sequence: number; readonly hash: string }; readonly lost: boolean }
  | { readonly kind: 'DATABASE_BEHIND' | 'DATABASE_DIFFERS'; readonly detail: string }

/** Compares a chain as the database has it with what was published of it; null: nothing was. */
export function judgeChain({ head, presentHash, noted }: Pick<AuditHeadView, 'head' | 'presentHash' | 'noted'>, published: Anchor | null): Judgement {
  if (published !== null) {
    const { sequence, hash, at } = published
    if (head === null || head.sequence < sequence)
      return { kind: 'DATABASE_BEHIND', detail: `Entry ${sequence} was published at ${at}, and the database's log ends with entry ${head?.sequence ?? 0}. It was restored from an older copy, or entries were cut off.` }
    if (presentHash !== hash)
      return { kind: 'DATABASE_DIFFERS', detail: `Entry ${sequence}, published at ${at}, is ${presentHash === null ? 'missing' : 'another one'} in the database now. The log was rewritten, or continued from an older copy.` }
    if (head.sequence === sequence) return { kind: 'FITS' }
  }
  return head === null ? { kind: 'FITS' } : { kind: 'PUBLISH', head, lost: noted > (published?.sequence ?? 0) }
}
