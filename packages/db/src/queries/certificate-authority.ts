import type { ScopedTx } from '../scope.ts'

/** `privateKeyPem` is sealed; one that a coordinator of before stored is not. */
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

/** Puts a sealed key in the place of a plain one, if that is still there. */
export async function sealAuthority(tx: ScopedTx, id: string, plain: string, sealed: string): Promise<void> {
  await tx.db.certificateAuthority.updateMany({ where: { id, privateKeyPem: plain }, data: { privateKeyPem: sealed } })
}
