import 'reflect-metadata'
import { createHash, webcrypto } from 'node:crypto'
import { Agent, request } from 'node:https'
import { PROTOCOL_VERSION, gatewayClient } from '@driftless/agent-api'
import type { EnrolAnswer, PostJson, Report } from '@driftless/agent-api'
import * as x509 from '@peculiar/x509'

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

export type Identity = { readonly keyPem: string; readonly certificatePem: string }
export type Poster = { readonly post: PostJson; readonly close: () => void }

/** Posts JSON to a gateway over TLS as an agent does, with the identity if one is given. */
export function poster(port: number, identity: Identity | null = null, host = 'localhost'): Poster {
  // The authority is checked by the test itself, through the token's fingerprint.
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, ...(identity ? { key: identity.keyPem, cert: identity.certificatePem } : {}) })
  const post: PostJson = (path, body, { timeoutMs }) =>
    new Promise((resolve, reject) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const call = request({ agent, host, port, path, method: 'POST', timeout: timeoutMs, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) }))
        response.on('error', reject)
      })
      call.on('timeout', () => call.destroy(new Error('timed out')))
      call.on('error', reject)
      call.end(text)
    })
  return { post, close: () => agent.destroy() }
}

/** A key and a certificate request, as an agent makes them. */
export async function certificateRequest(): Promise<{ keyPem: string; requestPem: string }> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const made = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=agent', keys, signingAlgorithm: KEY })
  return { keyPem: x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'), requestPem: made.toString('pem') }
}

/** Enrols with a token, as `agentId` if it is somebody already, and comes back with the calls of an enrolled agent. */
export async function enrolFakeAgent(port: number, token: string, host = 'fake', agentId?: string) {
  const { keyPem, requestPem } = await certificateRequest()
  const anonymous = poster(port)
  let answer: EnrolAnswer
  try {
    answer = await gatewayClient(anonymous.post).enrol({ token, version: 'test', host, certificateRequestPem: requestPem, ...(agentId === undefined ? {} : { agentId }) })
  } finally {
    anonymous.close()
  }
  return { answer, ...callsOf(port, { id: answer.agentId, role: answer.role }, { keyPem, certificatePem: answer.certificatePem }) }
}
export type FakeAgent = Awaited<ReturnType<typeof enrolFakeAgent>>

/** The agent with its next certificate, which it has not used yet. The one given goes on with the present one. */
export async function renewFakeAgent(port: number, agent: Pick<FakeAgent, 'id' | 'role' | 'calls'>) {
  const { keyPem, requestPem } = await certificateRequest()
  const { certificatePem } = await agent.calls.renew({ certificateRequestPem: requestPem })
  return callsOf(port, agent, { keyPem, certificatePem })
}

function callsOf(port: number, { id, role }: Pick<EnrolAnswer, 'role'> & { readonly id: string }, identity: Identity) {
  const own = poster(port, identity)
  return { id, role, identity, post: own.post, calls: gatewayClient(own.post), close: own.close }
}

/** A report that says nothing but what is given. */
export function reportOf(given: Partial<Report>): Report {
  return { protocol: PROTOCOL_VERSION, version: 'test', atMs: Date.now(), desiredVersion: null, stream: null, storage: null, inventory: null, sources: [], targets: [], samples: [], ...given }
}

/** A stand-in for a disk's BLAKE3: same shape, from a name. */
export function fakeHash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
