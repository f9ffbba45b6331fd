import { createHash } from 'node:crypto'
import { createServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { testAuthority } from './certificates.ts'

export type GatewayAnswer = { readonly status: number; readonly body: unknown }

/**
 * What gateways of tests have in common: an authority of their own, and JSON by POST over TLS 1.3 that asks agents for a
 * certificate. `peer`: the CN of one that the authority signed; null: none was shown. `fingerprint` is the authority's, as tokens carry it.
 */
export async function serveGateway(answer: (path: string, body: unknown, peer: string | null) => Promise<GatewayAnswer>) {
  const authority = await testAuthority('Gateway CA')
  const own = await authority.issue('gateway', ['127.0.0.1', 'localhost'])
  const server = createServer({ key: own.keyPem, cert: `${own.certificatePem}\n${authority.caPem}\n`, ca: authority.caPem, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { socket } = request
      const peer = socket instanceof TLSSocket && socket.authorized ? String(socket.getPeerCertificate().subject?.CN) : null
      void answer(request.url ?? '', JSON.parse(Buffer.concat(chunks).toString()), peer).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(body))
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The gateway has no port.')
  return {
    authority,
    fingerprint: createHash('sha256').update(authority.caDer).digest('hex'),
    url: `https://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
