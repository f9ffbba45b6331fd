import 'server-only'
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { generateAuthenticationOptions, generateRegistrationOptions, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { z } from 'zod'
import { env } from '../../env.ts'
import type { Person } from '../person.ts'

/** Ours are some hundred bytes to some kilobytes long. */
const base64url = z.string().max(16_384).regex(/^[A-Za-z0-9_-]*$/)
const TRANSPORTS = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const
const common = { id: base64url, rawId: base64url, type: z.literal('public-key'), clientExtensionResults: z.unknown().transform(() => ({})) }

/** What a browser brings when a passkey has signed. Whose it is we know by its id; what it says of that itself is left out. */
export const assertion = z.object({ ...common, response: z.object({ clientDataJSON: base64url, authenticatorData: base64url, signature: base64url }) })
export type Assertion = z.infer<typeof assertion>

/** What a browser brings when a passkey was made. Transports that nobody has heard of yet are dropped. */
export const attestation = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url, attestationObject: base64url,
    transports: z.array(z.string()).max(10).default([]).transform((all) => TRANSPORTS.filter((known) => all.includes(known))),
  }),
})
export type Attestation = z.infer<typeof attestation>

/** EdDSA, ES256, RS256: what authenticators have. What else Node offers is an experiment there. */
const ALGORITHMS = [-8, -7, -257]

/** Passkeys are bound to the portal's host name. */
function relyingParty() {
  const { hostname, origin } = new URL(env().NEXTAUTH_URL)
  return { id: hostname, origin }
}

/** Browsers have no passkeys for a bare network address. */
export function passkeysPossible(): boolean {
  return isIP(relyingParty().id.replaceAll(/[[\]]/g, '')) === 0
}

export type KnownPasskey = { readonly credentialId: string; readonly transports: readonly string[] }
const described = ({ credentialId, transports }: KnownPasskey) => ({ id: credentialId, transports: [...transports] })

export function newChallenge(): string {
  return randomBytes(32).toString('base64url')
}

/** What `navigator.credentials.get` is asked; without `passkeys` the browser offers whichever it has for this portal. */
export function requestOptions(challenge: string, passkeys: readonly KnownPasskey[] = []) {
  return generateAuthenticationOptions({ rpID: relyingParty().id, challenge: Uint8Array.from(Buffer.from(challenge, 'base64url')), allowCredentials: passkeys.map(described), userVerification: 'required' })
}

/** What `navigator.credentials.create` is asked: a passkey that the browser finds by itself, behind a PIN, a finger or a face. */
export function creationOptions(person: Person, portalName: string, challenge: string, passkeys: readonly KnownPasskey[]) {
  return generateRegistrationOptions({
    rpID: relyingParty().id, rpName: portalName, userID: Uint8Array.from(Buffer.from(person.userId)), userName: person.email, userDisplayName: person.name, challenge: Uint8Array.from(Buffer.from(challenge, 'base64url')),
    excludeCredentials: passkeys.map(described), supportedAlgorithmIDs: ALGORITHMS, authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
}

export type StoredPasskey = { readonly id: string; readonly publicKey: Uint8Array<ArrayBuffer>; readonly counter: number }

/** Whether this passkey signed this challenge for this portal, its person verified; null: it did not. */
export async function verifyAssertion(response: Assertion, challenge: string, stored: StoredPasskey): Promise<{ counter: number; synced: boolean } | null> {
  const { id, origin } = relyingParty()
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({ response, expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: id, credential: { ...stored }, requireUserVerification: true })
    return verified ? { counter: authenticationInfo.newCounter, synced: authenticationInfo.credentialBackedUp } : null
  } catch {
    // The library throws at whatever does not fit; to us that is one answer.
    return null
  }
}

/** The passkey that was made for this challenge; null when it was not, or not for this portal. */
export async function verifyAttestation(response: Attestation, challenge: string) {
  const { id, origin } = relyingParty()
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({ response, expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: id, requireUserVerification: true, supportedAlgorithmIDs: ALGORITHMS })
    if (!verified) return null
    const { credential, credentialBackedUp } = registrationInfo
    return { credentialId: credential.id, publicKey: Uint8Array.from(credential.publicKey), counter: credential.counter, transports: response.response.transports, synced: credentialBackedUp }
  } catch {
    return null
  }
}
