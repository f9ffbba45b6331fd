import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/** Remembers a person's language (`en`, `fr`). Another than before is written down. */
export async function changeLocale(tx: ScopedTx, userId: string, locale: string): Promise<void> {
  const user = await tx.db.user.findUnique({ where: { id: userId }, select: { id: true, name: true, providerId: true, tenantId: true, locale: true } })
  if (!user || user.locale === locale) return
  await tx.db.user.updateMany({ where: { id: userId }, data: { locale } })
  await audit(tx, 'user.locale', { ...user, kind: 'user' }, { before: user.locale, after: locale })
}
