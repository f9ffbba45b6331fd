import { DomainError } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

export type Branding = { readonly name: string; readonly accentColor: string }

/** Puts the provider's own name and colour (`#rrggbb`) on the portal. PROVIDER_UNKNOWN outside the provider's own scope. */
export async function brandProvider(tx: ScopedTx, providerId: string, branding: Branding): Promise<void> {
  const provider = await tx.db.provider.findUnique({ where: { id: providerId } })
  if (!provider) throw new DomainError('PROVIDER_UNKNOWN', 'There is no such provider.')
  if (provider.name === branding.name && provider.accentColor === branding.accentColor) return
  const written = await tx.db.provider.updateMany({ where: { id: providerId }, data: { name: branding.name, accentColor: branding.accentColor } })
  if (written.count !== 1) throw new DomainError('PROVIDER_UNKNOWN', 'There is no such provider.')
  const subject = { providerId, tenantId: null, kind: 'provider', id: providerId, name: branding.name } as const
  await audit(tx, 'provider.brand', subject, { before: `${provider.name} ${provider.accentColor}`, after: `${branding.name} ${branding.accentColor}` })
}
