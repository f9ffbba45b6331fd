import { RENEWAL_SINCE_PROTOCOL, enrolRequest } from '@driftless/agent-api'
import type { EnrolAnswer, EnrolRequest } from '@driftless/agent-api'
import { COORDINATOR, databaseNow, enrolAgent, inScope, noteRefusedClaim } from '@driftless/db'
import type { Scope } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import type { Gateway } from './call.ts'
import { LIFE_WITHOUT_RENEWAL_MS, issueAgentCertificate } from './certificates.ts'
import { GatewayError } from './refusals.ts'

/** `POST /v1/enrol`: trades a single-use token and a certificate request for an identity. The only call without a certificate. */
export async function enrol(gateway: Gateway, body: unknown, address: string | null): Promise<EnrolAnswer> {
  const parsed = enrolRequest.safeParse(body)
  if (!parsed.success && parsed.error.issues.some((issue) => issue.path[0] === 'token'))
    throw new GatewayError(403, 'TOKEN_WRONG', 'This is not an enrolment token. Copy it again, whole (it begins with dl1.), from Configure › Agents.')
  const request = parsed.success ? parsed.data : enrolRequest.parse(body)
  const [, secret = ''] = request.token.split('.')
  const scope: Scope = { kind: 'system', actor: { ...COORDINATOR, address } }
  const enrolled = await inScope(gateway.db, scope, async (tx) => {
    const now = await databaseNow(tx)
    return enrolAgent(tx, secret, request, now, (agentId) => issueAgentCertificate(gateway.authority, request.certificateRequestPem, agentId, now, lifeFor(request, gateway)))
  }).catch(async (error: unknown) => {
    // In a transaction of its own: the one that was refused has written nothing.
    if (error instanceof DomainError && error.code.startsWith('TOKEN_')) await inScope(gateway.db, scope, (tx) => noteRefusedClaim(tx, secret, request.host, error.code))
    throw error
  })
  gateway.log.info({ agentId: enrolled.agentId, role: enrolled.role, host: request.host }, 'agent enrolled')
  return { agentId: enrolled.agentId, role: enrolled.role, certificatePem: enrolled.certificate.certificatePem, caCertificatePem: gateway.authority.certificatePem, orderPublicKey: gateway.keys.orderPublic }
}

/** An agent of before cannot renew: it has until it is updated. */
function lifeFor({ protocol }: EnrolRequest, { certificateLifeMs }: Gateway): number {
  return protocol < RENEWAL_SINCE_PROTOCOL ? LIFE_WITHOUT_RENEWAL_MS : certificateLifeMs
}
