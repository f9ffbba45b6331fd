import { DomainError } from '@driftless/domain'
import type { SecondFactorPolicy } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'

/** Of whom something is demanded at sign-in: the provider's staff, all of its customers' people, or one customer's. */
export type PolicyTarget = { readonly kind: 'STAFF' | 'CUSTOMERS' } | { readonly kind: 'CUSTOMER'; readonly tenantId: string }

/** Sets what is demanded besides the password; the strictest that concerns a person counts. PROVIDER_UNKNOWN, TENANT_UNKNOWN. */
export async function setSecondFactorPolicy(tx: ScopedTx, providerId: string, target: PolicyTarget, policy: SecondFactorPolicy): Promise<void> {
  if (target.kind === 'CUSTOMER') {
    const tenant = await tx.db.tenant.findUnique({ where: { id: target.tenantId }, select: { id: true, name: true, secondFactor: true } })
    if (!tenant) throw new DomainError('TENANT_UNKNOWN', 'There is no such customer.')
    if (tenant.secondFactor === policy) return
    await tx.db.tenant.updateMany({ where: { id: tenant.id }, data: { secondFactor: policy } })
    return audit(tx, 'policy.second-factor', { providerId, tenantId: tenant.id, kind: 'tenant', id: tenant.id, name: tenant.name }, { before: tenant.secondFactor, after: policy })
  }
  const provider = await tx.db.provider.findUnique({ where: { id: providerId }, select: { name: true, staffSecondFactor: true, customersSecondFactor: true } })
  if (!provider) throw new DomainError('PROVIDER_UNKNOWN', 'There is no such provider.')
  const staff = target.kind === 'STAFF'
  const before = staff ? provider.staffSecondFactor : provider.customersSecondFactor
  if (before === policy) return
  const written = await tx.db.provider.updateMany({ where: { id: providerId }, data: staff ? { staffSecondFactor: policy } : { customersSecondFactor: policy } })
  if (written.count !== 1) throw new DomainError('PROVIDER_UNKNOWN', 'There is no such provider.')
  const subject = { providerId, tenantId: null, kind: 'provider', id: providerId, name: provider.name } as const
  if (staff) await audit(tx, 'policy.staff-second-factor', subject, { before, after: policy })
  else await audit(tx, 'policy.customers-second-factor', subject, { before, after: policy })
}
