import { renewRequest } from '@driftless/agent-api'
import type { RenewAnswer } from '@driftless/agent-api'
import { databaseNow, renewCertificate } from '@driftless/db'
import { asCoordinator } from '../context.ts'
import { certificateRefused } from './authenticate.ts'
import type { AgentCall, Gateway } from './call.ts'
import { issueAgentCertificate } from './certificates.ts'

/**
 * `POST /v1/renew`: signs the successor of the certificate that the call was made with. An agent that did not hear the answer
 * goes on with the one it has, and asks again.
 */
export async function renew(gateway: Gateway, { agent, body }: AgentCall): Promise<RenewAnswer> {
  const request = renewRequest.parse(body)
  const next = await asCoordinator(gateway.db, async (tx) => {
    const signed = await issueAgentCertificate(gateway.authority, request.certificateRequestPem, agent.id, await databaseNow(tx), gateway.certificateLifeMs)
    return (await renewCertificate(tx, agent, signed)) ? signed : null
  })
  if (next === null) throw certificateRefused('UNKNOWN')
  gateway.log.info({ agentId: agent.id }, 'an agent was given its next certificate')
  return { certificatePem: next.certificatePem }
}
