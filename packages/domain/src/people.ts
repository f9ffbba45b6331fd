import type { UserRole } from './roles.ts'

/** Long enough for a week's absence. */
export const INVITATION_DAYS = 7
/** Long enough for a slow mail, short enough for a mailbox left open. */
export const PASSWORD_RESET_MINUTES = 30

/** The part of an e-mail address behind its last @, in lower case; null where there is none. */
export function domainOf(email: string): string | null {
  const at = email.lastIndexOf('@')
  return at < 1 || at === email.length - 1 ? null : email.slice(at + 1).toLowerCase()
}

/** What an organisation's sign-on says of somebody, its signature, issuer, audience and nonce already checked. */
export type SignOnClaims = { readonly issuer: string; readonly subject: string; readonly email: string | null; readonly emailVerified: boolean }

/** An organisation's sign-on as far as it decides who gets in. */
export type SignOnRules = { readonly issuer: string; readonly providerId: string; readonly tenantId: string | null; readonly domains: readonly string[]; readonly defaultRole: UserRole | null }

/** A person as far as it decides whether they are meant. `subject`: of the account they are linked to by this sign-on. */
export type SignOnPerson = { readonly id: string; readonly providerId: string; readonly tenantId: string | null; readonly deactivated: boolean; readonly subject: string | null }

export const SIGN_ON_REFUSALS = ['OTHER_ISSUER', 'NO_EMAIL', 'EMAIL_UNVERIFIED', 'OTHER_DOMAIN', 'OTHER_ORGANISATION', 'OTHER_ACCOUNT', 'DEACTIVATED', 'NOT_INVITED'] as const
export type SignOnRefusal = (typeof SIGN_ON_REFUSALS)[number]

export type SignOnDecision =
  | { readonly kind: 'ENTER'; readonly userId: string }
  | { readonly kind: 'LINK'; readonly userId: string; readonly email: string }
  | { readonly kind: 'CREATE'; readonly role: UserRole; readonly email: string }
  | { readonly kind: 'REFUSE'; readonly reason: SignOnRefusal }

/**
 * Whether somebody whom a sign-on vouches for gets in, and as whom. `linked`: the person whose account this subject is;
 * `namesake`: the person with that e-mail address in the whole installation; `invitedRole`: of an open invitation to that
 * address by this organisation. A subject that is known enters, whatever its address is now; one that is new must prove an
 * address of the sign-on's own domains, and becomes nobody of another organisation.
 */
export function judgeSignOn(rules: SignOnRules, claims: SignOnClaims, linked: SignOnPerson | null, namesake: SignOnPerson | null, invitedRole: UserRole | null): SignOnDecision {
  const refuse = (reason: SignOnRefusal): SignOnDecision => ({ kind: 'REFUSE', reason })
  const isOwn = (person: SignOnPerson) => person.providerId === rules.providerId && person.tenantId === rules.tenantId
  if (claims.issuer !== rules.issuer) return refuse('OTHER_ISSUER')
  if (linked !== null) {
    if (!isOwn(linked)) return refuse('OTHER_ORGANISATION')
    return linked.deactivated ? refuse('DEACTIVATED') : { kind: 'ENTER', userId: linked.id }
  }
  if (claims.email === null) return refuse('NO_EMAIL')
  if (!claims.emailVerified) return refuse('EMAIL_UNVERIFIED')
  const domain = domainOf(claims.email)
  if (domain === null || !rules.domains.includes(domain)) return refuse('OTHER_DOMAIN')
  const email = claims.email.toLowerCase()
  if (namesake !== null) {
    if (!isOwn(namesake)) return refuse('OTHER_ORGANISATION')
    if (namesake.deactivated) return refuse('DEACTIVATED')
    return namesake.subject === null ? { kind: 'LINK', userId: namesake.id, email } : refuse('OTHER_ACCOUNT')
  }
  const role = invitedRole ?? rules.defaultRole
  return role === null ? refuse('NOT_INVITED') : { kind: 'CREATE', role, email }
}
