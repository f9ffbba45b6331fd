import type { TLSSocket } from 'node:tls'
import { findAgent, noteContact } from '@driftless/db'
import type { Db, KnownAgent } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import { fingerprintOf } from './certificates.ts'
import { GatewayError } from './refusals.ts'

/**
 * The agent at the other end of a TLS connection, by its certificate: signed by our authority, not expired, its CN an
 * agent we know, and the very certificate that agent was given. NO_CERTIFICATE or CERTIFICATE_REFUSED otherwise.
 */
export async function authenticate(db: Db, socket: TLSSocket): Promise<KnownAgent> {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) throw new GatewayError(401, 'NO_CERTIFICATE', 'This call needs the certificate that the agent was given when it was enrolled.')
  const refused = new GatewayError(401, 'CERTIFICATE_REFUSED', 'The gateway does not accept this certificate: it is expired, revoked or from another installation. Enrol the agent again.')
  if (!socket.authorized) throw refused
  const agentId = /^CN=([^\n]{1,120})$/m.exec(certificate.subject)?.[1]
  if (!agentId) throw refused
  const agent = await asCoordinator(db, async (tx) => {
    const found = await findAgent(tx, agentId, fingerprintOf(certificate.raw))
    if (found) await noteContact(tx, found.id)
    return found
  })
  if (!agent) throw refused
  return agent
}
