import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { Credentials } from '../stream/identity.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 24 * 60 * 60 * 1000

/** For tests: a certificate authority as the gateway has one, and agents' credentials from it. */
export async function testAuthority(name = 'Test CA') {
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) }
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`, keys, signingAlgorithm: ALGORITHM, ...validity,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  })
  let serial = 1
  const sign = async (commonName: string, publicKey: x509.PublicKeyType, names: string[] = []) => {
    serial += 1
    const alternatives = names.map((value) => ({ type: /^[\d.]+$/.test(value) ? ('ip' as const) : ('dns' as const), value }))
    return x509.X509CertificateGenerator.create({
      subject: `CN=${commonName}`, issuer: ca.subject, publicKey, signingKey: keys.privateKey, signingAlgorithm: ALGORITHM,
      serialNumber: serial.toString(16).padStart(2, '0'), ...validity,
      extensions: alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : [],
    })
  }
  const issue = async (agentId: string, names: string[] = []): Promise<Credentials> => {
    const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
    const certificate = await sign(agentId, own.publicKey, names)
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64')
    return {
      agentId,
      keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
      certificatePem: certificate.toString('pem'),
      caCertificatePem: ca.toString('pem'),
    }
  }
  /** As a gateway does: PKCS#10 in, certificate out, both PEM. */
  const signRequest = async (commonName: string, requestPem: string): Promise<string> => (await sign(commonName, new x509.Pkcs10CertificateRequest(requestPem).publicKey)).toString('pem')
  return { caPem: ca.toString('pem'), caDer: Buffer.from(ca.rawData), issue, signRequest }
}
