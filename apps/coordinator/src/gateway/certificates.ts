import 'reflect-metadata'
import { createHash, randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { DomainError } from '@driftless/domain'

/** NIST P-256: what every TLS library and every hypervisor's appliance understands. */
const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const
const DAY_MS = 86_400_000
/** The authority outlives every installation's hardware; replacing it means enrolling every agent again. */
const AUTHORITY_DAYS = 3_650
/** Made anew at each start; a coordinator that runs for a year without one has other troubles. */
const SERVER_DAYS = 397
/** An agent's certificate. It is renewed after two thirds of that, which leaves two days and more for a gateway that is away. */
export const AGENT_LIFE_MS = 7 * DAY_MS
/** That of an agent of before, which cannot renew. */
export const LIFE_WITHOUT_RENEWAL_MS = 90 * DAY_MS
/** Clocks of agents may be behind by this much when they first see a certificate; of a very short life (in tests) a tenth. */
const BACKDATED_MS = 3_600_000
const BACKDATED_SHARE = 0.1
const SERIAL_BYTES = 16

const crypto = x509.cryptoProvider.get() ?? webcrypto
const { DigitalSignature, KeyCertSign, CrlSign } = { DigitalSignature: x509.KeyUsageFlags.digitalSignature, KeyCertSign: x509.KeyUsageFlags.keyCertSign, CrlSign: x509.KeyUsageFlags.cRLSign }
const SERVER_AUTH = x509.ExtendedKeyUsage.serverAuth
const CLIENT_AUTH = x509.ExtendedKeyUsage.clientAuth

/** The authority, ready to sign. */
export type Authority = { readonly certificate: x509.X509Certificate; readonly certificatePem: string; readonly fingerprint: string; readonly privateKey: webcrypto.CryptoKey }

/** A certificate's SHA-256 over its DER, hex: how agents pin the authority and how the gateway knows an agent. */
export function fingerprintOf(der: ArrayBuffer | Uint8Array): string {
  return createHash('sha256').update(der instanceof Uint8Array ? der : new Uint8Array(der)).digest('hex')
}

/** Makes a new authority: P-256, self-signed, may sign leaves only. PEM for storing. */
export async function makeAuthority(now: Date): Promise<{ certificatePem: string; privateKeyPem: string; fingerprint: string }> {
  const keys = await crypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(), name: 'CN=Driftless gateway authority', keys, signingAlgorithm: SIGNATURE, ...validity(now, AUTHORITY_DAYS * DAY_MS),
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(KeyCertSign | CrlSign, true), await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)],
  })
  const privateKeyPem = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { certificatePem: certificate.toString('pem'), privateKeyPem, fingerprint: fingerprintOf(certificate.rawData) }
}

/** Reads a stored authority. Throws when the PEM is not one. */
export async function loadAuthority(stored: { readonly certificatePem: string; readonly privateKeyPem: string }): Promise<Authority> {
  const certificate = new x509.X509Certificate(stored.certificatePem)
  const privateKey = await crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(stored.privateKeyPem), KEY, false, ['sign'])
  return { certificate, certificatePem: certificate.toString('pem'), fingerprint: fingerprintOf(certificate.rawData), privateKey }
}

/** Key and chain (leaf, then authority) for a TLS server that answers to `names`. PEM. */
export async function issueServerCertificate(authority: Authority, names: readonly { readonly name: string; readonly isAddress: boolean }[], now: Date) {
  const keys = await crypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const leaf = await sign(authority, 'CN=Driftless gateway', keys.publicKey, [SERVER_AUTH], names.map(({ name, isAddress }) => ({ type: isAddress ? 'ip' : 'dns', value: name })), SERVER_DAYS * DAY_MS, now)
  const keyPem = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { keyPem, chainPem: `${leaf.toString('pem')}\n${authority.certificatePem}\n` }
}

/**
 * Signs an agent's request: CN and DNS name are its id whatever the request asks for, good for both ends of the
 * stream, for `lifeMs` from `now` on. REQUEST_UNREADABLE or REQUEST_NOT_SIGNED when it is not a PKCS#10 request signed with its own key.
 */
export async function issueAgentCertificate(authority: Authority, requestPem: string, agentId: string, now: Date, lifeMs: number): Promise<{ certificatePem: string; fingerprint: string; expiresAt: Date }> {
  const request = readRequest(requestPem)
  if (!(await request.verify().catch(() => false))) throw new DomainError('REQUEST_NOT_SIGNED', 'The certificate request is not signed with its own key; the agent must make it anew.')
  const certificate = await sign(authority, `CN=${agentId}`, request.publicKey, [CLIENT_AUTH, SERVER_AUTH], [{ type: 'dns', value: agentId }], lifeMs, now)
  return { certificatePem: certificate.toString('pem'), fingerprint: fingerprintOf(certificate.rawData), expiresAt: certificate.notAfter }
}

function readRequest(pem: string): x509.Pkcs10CertificateRequest {
  try {
    return new x509.Pkcs10CertificateRequest(pem)
  } catch {
    throw new DomainError('REQUEST_UNREADABLE', 'The certificate request is not a PKCS#10 request in PEM.')
  }
}

async function sign(authority: Authority, subject: string, publicKey: x509.PublicKeyType, usages: x509.ExtendedKeyUsage[], names: { type: 'dns' | 'ip'; value: string }[], lifeMs: number, now: Date) {
  return x509.X509CertificateGenerator.create({
    serialNumber: serial(), subject, issuer: authority.certificate.subject, publicKey, signingKey: authority.privateKey, signingAlgorithm: SIGNATURE, ...validity(now, lifeMs),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(DigitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      new x509.SubjectAlternativeNameExtension(names),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  })
}

function validity(now: Date, lifeMs: number) {
  return { notBefore: new Date(now.getTime() - Math.min(BACKDATED_MS, lifeMs * BACKDATED_SHARE)), notAfter: new Date(now.getTime() + lifeMs) }
}

/** Positive and random, as RFC 5280 and the CA/Browser Forum want it. */
function serial(): string {
  const bytes = randomBytes(SERIAL_BYTES)
  bytes[0] = (bytes.at(0) ?? 0) & 0x7f | 0x01
  return bytes.toString('hex')
}
