import { randomBytes } from 'node:crypto'
import { desiredRequest, enrolRequest, report as reportSchema } from '@driftless/agent-api'
import type { DesiredState, Report } from '@driftless/agent-api'
import { serveGateway } from './gateway-transport.ts'
import type { GatewayAnswer } from './gateway-transport.ts'

const nothing: DesiredState = { version: 'v1', sources: [], targets: [], siteRateBytesPerSecond: null, observeVmRefs: [] }

/** How long an agent that has the newest state waits for an answer. */
const HOLD_MS = 250

/** For tests: a gateway as small as can be, with real TLS and real certificates. */
export async function startGateway() {
  const invited = new Map<string, { agentId: string; role: 'SOURCE' | 'TARGET'; used: boolean }>()
  const desired = new Map<string, DesiredState>()
  const reports: Report[] = []
  const latest = new Map<string, Report>()
  let changes = Promise.withResolvers<void>()
  let failing = false
  let enrolCalls = 0
  let refusals = 0

  async function answer(path: string, body: unknown, agentId: string | null): Promise<GatewayAnswer> {
    if (failing) refusals += 1
    if (failing) return { status: 503, body: { code: 'UNAVAILABLE', message: 'The gateway is being restarted.' } }
    if (path === '/v1/enrol') {
      enrolCalls += 1
      const request = enrolRequest.parse(body)
      const guest = invited.get(request.token.split('.')[1] ?? '')
      if (guest === undefined) return { status: 403, body: { code: 'TOKEN_WRONG', message: 'This token is not known. Create a new one.' } }
      if (guest.used) return { status: 403, body: { code: 'TOKEN_USED', message: 'This token was used already. Create a new one.' } }
      guest.used = true
      const certificatePem = await authority.signRequest(guest.agentId, request.certificateRequestPem)
      return { status: 200, body: { agentId: guest.agentId, role: guest.role, certificatePem, caCertificatePem: authority.caPem } }
    }
    if (agentId === null) return { status: 401, body: { code: 'NO_CERTIFICATE', message: 'Enrol first.' } }
    if (path !== '/v1/report') {
      const { haveVersion } = desiredRequest.parse(body)
      // Held for a moment, as a real one would for longer, so that agents do not ask all the time.
      if ((desired.get(agentId) ?? nothing).version === haveVersion) await Promise.race([changes.promise, new Promise((resolve) => setTimeout(resolve, HOLD_MS))])
      return { status: 200, body: desired.get(agentId) ?? nothing }
    }
    const report = reportSchema.parse(body)
    reports.push(report)
    latest.set(agentId, report)
    return { status: 200, body: { ok: true } }
  }

  const transport = await serveGateway(answer)
  const { authority, fingerprint } = transport
  return {
    url: transport.url,
    /** A token for a new agent. */
    invite: (agentId: string, role: 'SOURCE' | 'TARGET') => {
      const secret = randomBytes(32).toString('base64url')
      invited.set(secret, { agentId, role, used: false })
      return `dl1.${secret}.${fingerprint}`
    },
    reports,
    latest,
    enrolCalls: () => enrolCalls,
    refusals: () => refusals,
    setDesired: (agentId: string, next: DesiredState) => {
      desired.set(agentId, next)
      changes.resolve()
      changes = Promise.withResolvers<void>()
    },
    setFailing: (now: boolean) => {
      failing = now
    },
    close: transport.close,
  }
}
