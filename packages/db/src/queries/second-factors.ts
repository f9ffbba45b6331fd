import type { ScopedTx } from '../scope.ts'

/** What a person has enrolled, in their own scope: whether a code app is confirmed, the passkeys, the codes that are left. */
export async function readFactors(tx: ScopedTx, userId: string) {
  const app = await tx.db.totpSecret.findUnique({ where: { userId }, select: { confirmedAt: true } })
  const passkeys = await tx.db.passkey.findMany({ where: { userId }, select: { id: true, name: true, credentialId: true, transports: true, synced: true, createdAt: true, lastUsedAt: true }, orderBy: { createdAt: 'asc' } })
  const recoveryCodesLeft = await tx.db.recoveryCode.count({ where: { userId, usedAt: null } })
  return { totpSince: app?.confirmedAt ?? null, passkeys, recoveryCodesLeft }
}

/** The sealed secret of a person's code app and the last step it was used for; null without one. */
export async function readTotp(tx: ScopedTx, userId: string) {
  return tx.db.totpSecret.findUnique({ where: { userId }, select: { id: true, sealedSecret: true, confirmedAt: true, lastStep: true } })
}
