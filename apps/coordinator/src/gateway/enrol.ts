import { enrolRequest } from '@driftless/agent-api'
import type { EnrolAnswer } from '@driftless/agent-api'
import { databaseNow, enrolAgent } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import type { Gateway } from './call.ts'
import { issueAgentCertificate } from './certificates.ts'
import { GatewayError } from './refusals.ts'

/** `POST /v1/enrol`: trades a single-use token and a certificate request for an identity. The only call without a certificate. */
export async function enrol(gateway: Gateway, body: unknown): Promise<EnrolAnswer> {
  const parsed = enrolRequest.safeParse(body)
  if (!parsed.success && parsed.error.issues.some((issue) => issue.path[0] === 'token'))
    throw new GatewayError(403, 'TOKEN_WRONG', 'This is not an enrolment token. Copy it again, whole (it begins with dl1.), from Configure › Agents.')
  const request = parsed.success ? parsed.data : enrolRequest.parse(body)
  const [, secret = ''] = request.token.split('.')
  const agent = { name: request.host, host: request.host, version: request.version, protocol: request.protocol }
  const enrolled = await asCoordinator(gateway.db, async (tx) => {
    const now = await databaseNow(tx)
    return enrolAgent(tx, secret, agent, now, (agentId) => issueAgentCertificate(gateway.authority, request.certificateRequestPem, agentId, now))
  })
  gateway.log.info({ agentId: enrolled.agentId, role: enrolled.role, host: request.host }, 'agent enrolled')
  return { agentId: enrolled.agentId, role: enrolled.role, certificatePem: enrolled.certificate.certificatePem, caCertificatePem: gateway.authority.certificatePem, orderPublicKey: gateway.keys.orderPublic }
}
