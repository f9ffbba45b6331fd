import type { ScopedTx } from '../scope.ts'

export type StoredAuthority = { readonly id: string; readonly fingerprint: string; readonly certificatePem: string; readonly privateKeyPem: string }

/** The stored certificate authority; null before the first coordinator made it. */
export function findAuthority(tx: ScopedTx, id: string): Promise<StoredAuthority | null> {
  return tx.db.certificateAuthority.findUnique({ where: { id } })
}

/** Stores `made` unless there is one already, and answers the one that is stored: of several coordinators one wins. */
export async function keepFirstAuthority(tx: ScopedTx, made: StoredAuthority): Promise<StoredAuthority> {
  await tx.db.certificateAuthority.createMany({ data: made, skipDuplicates: true })
  return tx.db.certificateAuthority.findUniqueOrThrow({ where: { id: made.id } })
}
