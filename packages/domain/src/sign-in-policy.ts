/** What a person may show to prove who they are. */
export const FACTORS = ['PASSWORD', 'TOTP', 'PASSKEY', 'RECOVERY_CODE', 'SSO'] as const
export type Factor = (typeof FACTORS)[number]

/** What an organisation demands besides the password, from lax to strict. */
export const SECOND_FACTOR_POLICIES = ['OPTIONAL', 'REQUIRED', 'PASSKEY'] as const
export type SecondFactorPolicy = (typeof SECOND_FACTOR_POLICIES)[number]

/** What the organisations that a person belongs to demand; `tenant` is null for the provider's staff. */
export type Policies = { readonly staff: SecondFactorPolicy; readonly customers: SecondFactorPolicy; readonly tenant: SecondFactorPolicy | null }

/** The policy that binds a person: staff by their provider's own; customers by the stricter of provider and tenant. */
export function policyFor({ staff, customers, tenant }: Policies): SecondFactorPolicy {
  return tenant === null ? staff : stricter(customers, tenant)
}

function stricter(one: SecondFactorPolicy, other: SecondFactorPolicy): SecondFactorPolicy {
  return SECOND_FACTOR_POLICIES.indexOf(one) > SECOND_FACTOR_POLICIES.indexOf(other) ? one : other
}

/** What satisfies each policy. Single sign-on always does: the organisation's own sign-on has factors of its own. */
const SATISFIES: Readonly<Record<Exclude<SecondFactorPolicy, 'OPTIONAL'>, readonly Factor[]>> = {
  REQUIRED: ['TOTP', 'PASSKEY', 'RECOVERY_CODE', 'SSO'],
  // A code can be read out to somebody who pretends to be the portal; a passkey cannot.
  PASSKEY: ['PASSKEY', 'SSO'],
}

/** Whether a session in which `factors` were shown may do more than enrol a factor. */
export function satisfies(policy: SecondFactorPolicy, factors: readonly Factor[]): boolean {
  return policy === 'OPTIONAL' || factors.some((factor) => SATISFIES[policy].includes(factor))
}

/** What of a person's own factors can be enrolled, and so removed. */
export type EnrolledFactors = { readonly totp: boolean; readonly passkeys: number }

/** Whether somebody who has these enrolled could sign in in full; a recovery code alone is not a factor one has. */
export function enrolledSatisfy(policy: SecondFactorPolicy, { totp, passkeys }: EnrolledFactors): boolean {
  return satisfies(policy, [...(totp ? ['TOTP' as const] : []), ...(passkeys > 0 ? ['PASSKEY' as const] : [])])
}

/** Factors shown longer ago than this are asked for again before something that an intruder would do first. */
export const FRESH_MS = 10 * 60_000

/**
 * Whether a session may change how its person signs in: factors were shown lately, and where the person has a second
 * factor, one was among them. A session from before that factor was enrolled does not get by on its password.
 */
export function isFresh(session: { readonly authenticatedAtMs: number; readonly factors: readonly Factor[] }, enrolled: EnrolledFactors, nowMs: number): boolean {
  const hasFactor = enrolled.totp || enrolled.passkeys > 0
  return nowMs - session.authenticatedAtMs <= FRESH_MS && (!hasFactor || session.factors.some((factor) => factor !== 'PASSWORD' && factor !== 'SSO'))
}
