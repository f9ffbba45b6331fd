import type { Anchor } from '@driftless/audit-chain'
import type { Env } from '../env.ts'
import { openFileAnchor } from './file-anchor.ts'

/**
 * A place outside of the database where the heads of the audit log's chains are published. It only grows; whoever may
 * write to the database may not write here. Both calls throw when the place cannot be reached.
 */
export type AuditAnchor = {
  /** The newest published of each chain, whoever signed it. */
  readonly latest: () => Promise<ReadonlyMap<string, Anchor>>
  /** Resolves once it is there to stay. */
  readonly publish: (anchor: Anchor) => Promise<void>
}

export function openAuditAnchor({ path }: NonNullable<Env['auditAnchor']>): AuditAnchor {
  return openFileAnchor(path)
}
