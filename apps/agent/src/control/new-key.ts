import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator, cryptoProvider } from '@peculiar/x509'

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A key pair of the agent's own, and the request (PKCS#10, PEM) for a certificate of it. The private key is told to nobody. */
export async function newKey(): Promise<{ keyPem: string; certificateRequestPem: string }> {
  cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])
  const request = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=driftless agent', keys, signingAlgorithm: KEY_ALGORITHM })
  const body = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const lines = body.match(/.{1,64}/g)?.join('\n') ?? ''
  return { keyPem: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`, certificateRequestPem: request.toString('pem') }
}
