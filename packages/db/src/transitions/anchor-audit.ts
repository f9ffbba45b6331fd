import { audit } from '../audit.ts'
import type { ChainOwner } from '../queries/audit-chains.ts'
import type { ScopedTx } from '../scope.ts'

/**
 * What may be wrong with a chain and what was published of it: the database holds less than was published, or something
 * else; or nothing can be published at present.
 */
export type AnchorProblem = 'DATABASE_BEHIND' | 'DATABASE_DIFFERS' | 'UNREACHABLE'

/** What was published last, as the database remembers it. */
export type PublishedHead = { readonly sequence: number; readonly hash: string; readonly at: string; readonly key: string; readonly signature: string }

/**
 * Holds the chain's anchor for this transaction, so that heads are published in their order. False: another coordinator
 * has it in its hands.
 */
export async function holdAnchor(tx: ScopedTx, { chain, providerId, tenantId }: ChainOwner): Promise<boolean> {
  await tx.db.auditAnchor.createMany({ data: { chain, providerId, tenantId }, skipDuplicates: true })
  return (await tx.db.$executeRaw`SELECT 1 FROM audit_anchor WHERE chain = ${chain} FOR UPDATE SKIP LOCKED`) === 1
}

/** Notes what was published. The caller holds the anchor. */
export async function notePublished(tx: ScopedTx, chain: string, { sequence, hash, at, key, signature }: PublishedHead): Promise<void> {
  await tx.db.auditAnchor.update({ where: { chain }, data: { sequence: BigInt(sequence), hash, at: new Date(at), publicKey: key, signature } })
}

/**
 * Notes what is wrong, or, with null, that it no longer is; true when that is new. A log that does not fit what was
 * published is in the log itself as well, as long as there is one. The caller holds the anchor.
 */
export async function noteAnchorProblem(tx: ScopedTx, owner: ChainOwner, problem: AnchorProblem | null, detail: string | null): Promise<boolean> {
  const present = await tx.db.auditAnchor.findUniqueOrThrow({ where: { chain: owner.chain }, select: { problem: true, problemDetail: true } })
  if (present.problem === problem && present.problemDetail === detail) return false
  const since = present.problem === problem ? {} : { problemSince: problem === null ? null : new Date() }
  await tx.db.auditAnchor.update({ where: { chain: owner.chain }, data: { problem, problemDetail: detail, ...since } })
  if (present.problem === problem) return false
  const subject = { ...owner, kind: 'audit-log', id: owner.chain } as const
  if (problem !== null && problem !== 'UNREACHABLE') await audit(tx, 'audit.mismatch', subject, { after: problem, reason: detail })
  else if (present.problem !== null && present.problem !== 'UNREACHABLE') await audit(tx, 'audit.fits', subject, { before: present.problem })
  return true
}

/** Writes down that what was published once is no longer found where it was published. */
export async function noteAnchorLost(tx: ScopedTx, owner: ChainOwner, reason: string): Promise<void> {
  await audit(tx, 'audit.anchor-lost', { ...owner, kind: 'audit-log', id: owner.chain }, { reason })
}
