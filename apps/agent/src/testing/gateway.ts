import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { desiredRequest, enrolRequest, report as reportSchema } from '@driftless/agent-api'
import type { DesiredState, Report } from '@driftless/agent-api'
import { testAuthority } from './certificates.ts'

const nothing: DesiredState = { version: 'v1', sources: [], targets: [], siteRateBytesPerSecond: null, observeVmRefs: [] }

/** How long an agent that has the newest state waits for an answer. */
const HOLD_MS = 250

/** For tests: a gateway as small as can be, with real TLS and real certificates. */
export async function startGateway() {
  const authority = await testAuthority('Gateway CA')
  const own = await authority.issue('gateway', ['127.0.0.1', 'localhost'])
  const fingerprint = createHash('sha256').update(authority.caDer).digest('hex')
  const invited = new Map<string, { agentId: string; role: 'SOURCE' | 'TARGET'; used: boolean }>()
  const desired = new Map<string, DesiredState>()
  const reports: Report[] = []
  const latest = new Map<string, Report>()
  let changes = Promise.withResolvers<void>()
  let failing = false
  let enrolCalls = 0
  let refusals = 0

  async function answer(path: string, body: unknown, agentId: string | null): Promise<{ status: number; body: unknown }> {
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

  const server = createServer({ key: own.keyPem, cert: `${own.certificatePem}\n${authority.caPem}\n`, ca: authority.caPem, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const socket = request.socket
      const agentId = socket instanceof TLSSocket && socket.authorized ? String(socket.getPeerCertificate().subject?.CN) : null
      void answer(request.url ?? '', JSON.parse(Buffer.concat(chunks).toString()), agentId).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `https://127.0.0.1:${address.port}`,
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
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
