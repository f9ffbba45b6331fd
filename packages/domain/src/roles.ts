/** Who a person is. A customer's roles see one tenant, a provider's roles all tenants of that provider. */
export const USER_ROLES = [
  'CUSTOMER_VIEWER', 'CUSTOMER_OPERATOR', 'CUSTOMER_APPROVER',
  'PROVIDER_VIEWER', 'PROVIDER_OPERATOR', 'PROVIDER_SCHEDULER', 'PROVIDER_ADMIN',
] as const
export type UserRole = (typeof USER_ROLES)[number]

/** What a person may do, beyond looking. */
export const PERMISSIONS = [
  'plan-waves', 'run-estimates', 'control-replication', 'book-windows', 'request-cutover',
  'decide-go-no-go', 'decide-bookings', 'manage-sites', 'manage-provider-sites', 'manage-provider', 'manage-people', 'manage-webhooks', 'ship-disks', 'receive-disks',
] as const
export type Permission = (typeof PERMISSIONS)[number]

const operator: readonly Permission[] = [
  'plan-waves', 'run-estimates', 'control-replication', 'book-windows', 'request-cutover', 'manage-sites', 'manage-webhooks', 'ship-disks',
]

/**
 * `manage-people` is the provider's administrators' alone, for the customers' people too: a customer's operator who could invite
 * a second self as approver would decide alone on what takes two.
 */
const granted: Readonly<Record<UserRole, readonly Permission[]>> = {
  CUSTOMER_VIEWER: [],
  CUSTOMER_OPERATOR: operator,
  CUSTOMER_APPROVER: ['decide-go-no-go'],
  PROVIDER_VIEWER: [],
  PROVIDER_OPERATOR: ['manage-provider-sites', 'receive-disks'],
  PROVIDER_SCHEDULER: ['decide-bookings', 'receive-disks'],
  PROVIDER_ADMIN: ['decide-bookings', 'receive-disks', 'manage-provider-sites', 'manage-provider', 'manage-people', 'manage-webhooks'],
}

/** Whether `role` may do `permission`. */
export function may(role: UserRole, permission: Permission): boolean {
  return granted[role].includes(permission)
}

/** Whether the role belongs to the provider's staff. */
export function isProviderRole(role: UserRole): boolean {
  return role.startsWith('PROVIDER_')
}

/** Whether somebody of this organisation may have `role`: null is the provider itself, anything else one of its customers. */
export function roleFits(role: UserRole, tenantId: string | null): boolean {
  return isProviderRole(role) === (tenantId === null)
}
