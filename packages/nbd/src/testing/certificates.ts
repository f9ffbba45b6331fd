import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { NbdTls } from '../tls.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 24 * 60 * 60 * 1000

/** For tests: an authority, and what a side proves itself with under it. */
export async function testAuthority(): Promise<{ issue(name: string): Promise<NbdTls> }> {
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) }
  const ca = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=Test CA', keys, signingAlgorithm: ALGORITHM, ...validity, extensions: [new x509.BasicConstraintsExtension(true, 1, true)] })
  let serial = 1
  return {
    async issue(name) {
      serial += 1
      const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${name}`, issuer: ca.subject, publicKey: own.publicKey, signingKey: keys.privateKey, signingAlgorithm: ALGORITHM, serialNumber: serial.toString(16).padStart(2, '0'), ...validity,
        extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
      })
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64')
      return { key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, cert: certificate.toString('pem'), ca: ca.toString('pem') }
    },
  }
}
