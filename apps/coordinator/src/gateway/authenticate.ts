import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { CERTIFICATE_REFUSED } from '@driftless/agent-api'
import { COORDINATOR, inScope, noteContact, useCertificate } from '@driftless/db'
import type { Distrust, KnownAgent } from '@driftless/db'
import type { Gateway } from './call.ts'
import { fingerprintOf } from './certificates.ts'
import { GatewayError } from './refusals.ts'
import { isRenewalDue } from './renewal-due.ts'

const ENROL_AGAIN = 'Choose “Enrol again” at this agent in Configure › Agents, and start it with the new token: it keeps what it knows.'
const WORDS: Readonly<Record<Distrust | 'EXPIRED', string>> = {
  EXPIRED: `This certificate has expired. ${ENROL_AGAIN}`,
  UNKNOWN: `The gateway does not know this certificate: it was replaced, or it is from another installation. ${ENROL_AGAIN}`,
  REVOKED: `This agent was revoked. ${ENROL_AGAIN}`,
  QUARANTINED: `A copy of this agent's certificate was used, so that neither is trusted. Find out who had it. ${ENROL_AGAIN}`,
  SUPERSEDED: 'This certificate was replaced by a newer one, which is in use.',
}

/** The refusal of a certificate, for one of these reasons. */
export function certificateRefused(why: keyof typeof WORDS): GatewayError {
  return new GatewayError(401, CERTIFICATE_REFUSED, WORDS[why])
}

export type Authenticated = { readonly agent: KnownAgent; /** It is time for the next certificate. */ readonly renewalDue: boolean }

/**
 * The agent at the other end of a TLS connection, by its certificate: signed by our authority, not expired, its CN an
 * agent that is trusted, and the very certificate that agent has. NO_CERTIFICATE or CERTIFICATE_REFUSED otherwise.
 */
export async function authenticate(gateway: Gateway, socket: TLSSocket): Promise<Authenticated> {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) throw new GatewayError(401, 'NO_CERTIFICATE', 'This call needs the certificate that the agent was given when it was enrolled.')
  const now = new Date()
  // Looked at in each call: a connection may outlive the certificate that it was opened with.
  if (certificate.validToDate <= now) throw certificateRefused('EXPIRED')
  if (!socket.authorized) throw certificateRefused('UNKNOWN')
  const agentId = agentIdOf(certificate)
  if (agentId === null) throw certificateRefused('UNKNOWN')
  const presented = { agentId, fingerprint: fingerprintOf(certificate.raw), expiresAt: certificate.validToDate, connectedAt: gateway.sockets.openedAt(socket) }
  const found = await inScope(gateway.db, { kind: 'system', actor: { ...COORDINATOR, address: socket.remoteAddress ?? null } }, async (tx) => {
    const used = await useCertificate(tx, presented)
    if ('agent' in used) await noteContact(tx, agentId)
    return used
  })
  if ('refused' in found) throw certificateRefused(found.refused)
  gateway.sockets.belongsTo(agentId, socket)
  return { agent: found.agent, renewalDue: isRenewalDue({ from: certificate.validFromDate, to: certificate.validToDate }, now, gateway.certificateLifeMs) }
}

function agentIdOf({ subject }: X509Certificate): string | null {
  return /^CN=([^\n]{1,120})$/m.exec(subject)?.[1] ?? null
}
