import { createHash } from 'node:crypto'
import { connect } from 'node:tls'
import type { DetailedPeerCertificate } from 'node:tls'
import { enrolmentToken, gatewayClient } from '@driftless/agent-api'
import { EnrolmentError } from './enrolment-error.ts'
import { gatewayHttp } from './gateway-http.ts'
import type { Identity } from './identity.ts'
import { newKey } from './new-key.ts'

const PROBE_TIMEOUT_MS = 10_000

/** Certificates looked at in the gateway's chain; real ones have two or three. */
const MAX_CHAIN = 10

export interface EnrolOptions {
  gatewayUrl: string
  token: string
  host: string
  version: string
  /** Who the agent is already; left out by one that is nobody yet. */
  agentId?: string
}

/** Who the agent is, and whose orders it obeys; null: its gateway is of a version that knew none. */
export type Enrolled = { readonly identity: Identity; readonly orderPublicKey: string | null }

/**
 * Trades the single-use token for an identity. The gateway's chain must end in the CA whose
 * SHA-256 the token carries; only then is the token sent. The private key is made here and stays.
 * Rejects with `EnrolmentError`, with `GatewayRefusal`, or with the transport's error.
 */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  const token = options.token.trim()
  if (!enrolmentToken.safeParse(token).success) {
    throw new EnrolmentError('The enrolment token is not complete. Copy it again from the portal (Configure, Agents): it begins with "dl1." and is 112 characters long.')
  }
  const ca = await pinnedAuthority(options.gatewayUrl, token.slice(-64))
  const { keyPem, certificateRequestPem } = await newKey()
  const http = gatewayHttp(options.gatewayUrl, { ca })
  try {
    const answer = await gatewayClient(http.post).enrol({ token, version: options.version, host: options.host.slice(0, 120), certificateRequestPem, ...(options.agentId === undefined ? {} : { agentId: options.agentId }) })
    const identity = { agentId: answer.agentId, role: answer.role, keyPem, certificatePem: answer.certificatePem, caCertificatePem: answer.caCertificatePem, enrolledWith: tokenHash(token) }
    return { identity, orderPublicKey: answer.orderPublicKey ?? null }
  } finally {
    await http.close()
  }
}

/** What is remembered of a token, so that it is not tried again: its SHA-256, hex. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token.trim()).digest('hex')
}

/**
 * The gateway's CA certificate (PEM), if its SHA-256 is the one wanted. Nothing secret is sent
 * on this connection, and nothing received on it is trusted but a certificate with that hash;
 * the connection that carries the token then verifies the gateway against it in full.
 */
export function pinnedAuthority(gatewayUrl: string, wantedSha256: string): Promise<string> {
  const url = new URL(gatewayUrl)
  if (url.protocol !== 'https:') return Promise.reject(new EnrolmentError(`GATEWAY_URL is ${gatewayUrl}; it must begin with https://.`))
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(url.port || 443), rejectUnauthorized: false, timeout: PROBE_TIMEOUT_MS, ...(/[a-z]/i.test(host) && !host.includes(':') ? { servername: host } : {}) })
    socket.once('secureConnect', () => {
      const found = chainOf(socket.getPeerCertificate(true)).find((raw) => createHash('sha256').update(raw).digest('hex') === wantedSha256)
      socket.destroy()
      if (found !== undefined) resolve(pemOf(found))
      else reject(new EnrolmentError(`The gateway at ${gatewayUrl} is not the one that issued this token: its certificate authority is another. Nothing was sent to it. Check GATEWAY_URL, and that nothing intercepts the connection; or create a new token.`))
    })
    socket.once('timeout', () => socket.destroy(new Error(`no answer within ${PROBE_TIMEOUT_MS / 1000} s`)))
    socket.once('error', reject)
  })
}

function chainOf(leaf: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = []
  let certificate: DetailedPeerCertificate | undefined = leaf
  while (certificate?.raw !== undefined && chain.length < MAX_CHAIN) {
    chain.push(certificate.raw)
    const issuer: DetailedPeerCertificate | undefined = certificate.issuerCertificate
    certificate = issuer === certificate ? undefined : issuer
  }
  return chain
}

const pemOf = (der: Buffer): string => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END CERTIFICATE-----\n`
