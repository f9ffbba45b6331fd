import { APPROVING_ROLES, DomainError, LONGEST_APPROVAL_HOURS, LONGEST_APPROVAL_WAIT_MINUTES, MOST_APPROVERS_NEEDED, MOST_NAMED_APPROVERS } from '@driftless/domain'
import type { ApprovalPolicy } from '@driftless/domain'
import { audit } from '../audit.ts'
import { readApprovalPolicy } from '../queries/approvals.ts'
import type { ScopedTx } from '../scope.ts'

/**
 * Sets a customer's rule of who must say go. What was said before is judged by the new rule. TENANT_UNKNOWN, PERSON_UNKNOWN for
 * somebody who is not the customer's, POLICY_WITHOUT_APPROVERS when fewer people than needed could ever say it, and
 * NUMBER_OUT_OF_BOUNDS. Row-level security lets only the provider's scope write it.
 */
export async function setApprovalPolicy(tx: ScopedTx, tenantId: string, policy: ApprovalPolicy): Promise<void> {
  const tenant = await tx.db.tenant.findUnique({ where: { id: tenantId }, select: { id: true, name: true, providerId: true } })
  if (!tenant) throw new DomainError('TENANT_UNKNOWN', 'There is no such customer.')
  within('needed', policy.needed, 1, MOST_APPROVERS_NEEDED)
  within('waitMinutes', policy.waitMinutes, 0, LONGEST_APPROVAL_WAIT_MINUTES)
  if (policy.expiresHours !== null) within('expiresHours', policy.expiresHours, 1, LONGEST_APPROVAL_HOURS)
  within('personIds', policy.personIds.length, 0, MOST_NAMED_APPROVERS)
  const roles = APPROVING_ROLES.filter((role) => policy.roles.includes(role))
  const people = await tx.db.user.findMany({ where: { tenantId, deactivatedAt: null }, select: { id: true, name: true, role: true } })
  const personIds = [...new Set(policy.personIds)]
  if (personIds.some((id) => !people.some((person) => person.id === id))) throw new DomainError('PERSON_UNKNOWN', 'There is no such person at this customer.')
  const able = people.filter(({ id, role }) => personIds.includes(id) || roles.some((one) => one === role)).length
  if (able < policy.needed) throw new DomainError('POLICY_WITHOUT_APPROVERS', `Only ${able} people of ${tenant.name} could say go, and ${policy.needed} must.`, { able, needed: policy.needed, tenant: tenant.name })
  const before = await readApprovalPolicy(tx, tenantId)
  const nameOf = (id: string) => people.find((person) => person.id === id)?.name ?? id
  const [was, is] = [inWords(before, nameOf), inWords({ ...policy, roles, personIds }, nameOf)]
  const data = { roles, personIds, needed: policy.needed, ownRequest: policy.ownRequest, waitMinutes: policy.waitMinutes, expiresHours: policy.expiresHours, testsNeedGo: policy.testsNeedGo, changedAt: new Date() }
  if (was === is) return
  await tx.db.approvalPolicy.upsert({ where: { tenantId }, create: { tenantId, providerId: tenant.providerId, ...data }, update: data })
  await audit(tx, 'policy.approvals', { providerId: tenant.providerId, tenantId, kind: 'tenant', id: tenantId, name: tenant.name }, { before: was, after: is })
}

function within(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) throw new DomainError('NUMBER_OUT_OF_BOUNDS', `${field} is a whole number between ${least} and ${most}.`, { field, least, most })
}

function inWords(policy: ApprovalPolicy, nameOf: (id: string) => string): string {
  const who = [...policy.roles, ...policy.personIds.map(nameOf)].join(', ')
  return `${policy.needed} of: ${who === '' ? 'nobody' : who}; own request: ${policy.ownRequest ? 'yes' : 'no'}; wait: ${policy.waitMinutes} min; expires: ${policy.expiresHours === null ? 'with the window' : `${policy.expiresHours} h`}; test boots: ${policy.testsNeedGo ? 'need a go' : 'need none'}`
}
