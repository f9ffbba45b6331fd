import 'reflect-metadata'
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { Pkcs10CertificateRequest } from '@peculiar/x509'
import { enrolRequest, report as reportSchema } from '@driftless/agent-api'
import type { DesiredState, Report } from '@driftless/agent-api'
import { testAuthority } from './certificates.ts'

/** For tests: a gateway as small as can be, with real TLS and real certificates. */
export async function startGateway(options: { role?: 'SOURCE' | 'TARGET' } = {}) {
  const authority = await testAuthority('Gateway CA')
  const own = await authority.issue('gateway', ['127.0.0.1', 'localhost'])
  const secret = randomBytes(32).toString('base64url')
  const fingerprint = createHash('sha256').update(authority.caDer).digest('hex')
  const reports: Report[] = []
  let desired: DesiredState = { version: 'v1', sources: [], targets: [], siteRateBytesPerSecond: null, observeVmRefs: [] }
  let used = false
  let failing = false
  let enrolCalls = 0
  let refusals = 0

  async function answer(path: string, body: unknown, agentId: string | null): Promise<{ status: number; body: unknown }> {
    if (failing) refusals += 1
    if (failing) return { status: 503, body: { code: 'UNAVAILABLE', message: 'The gateway is being restarted.' } }
    if (path === '/v1/enrol') {
      enrolCalls += 1
      const request = enrolRequest.parse(body)
      if (request.token.split('.')[1] !== secret) return { status: 403, body: { code: 'TOKEN_WRONG', message: 'This token is not known. Create a new one.' } }
      if (used) return { status: 403, body: { code: 'TOKEN_USED', message: 'This token was used already. Create a new one.' } }
      used = true
      const certificate = await authority.sign('agent-1', new Pkcs10CertificateRequest(request.certificateRequestPem).publicKey)
      return { status: 200, body: { agentId: 'agent-1', role: options.role ?? 'SOURCE', certificatePem: certificate.toString('pem'), caCertificatePem: authority.caPem } }
    }
    if (agentId !== 'agent-1') return { status: 401, body: { code: 'NO_CERTIFICATE', message: 'Enrol first.' } }
    if (path === '/v1/report') reports.push(reportSchema.parse(body))
    return { status: 200, body: path === '/v1/report' ? { ok: true } : desired }
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
    token: `dl1.${secret}.${fingerprint}`,
    fingerprint,
    reports,
    enrolCalls: () => enrolCalls,
    refusals: () => refusals,
    setDesired: (next: DesiredState) => {
      desired = next
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
