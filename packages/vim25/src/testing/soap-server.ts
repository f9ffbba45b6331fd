import { once } from 'node:events'
import { createServer } from 'node:https'
import type { ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Identity } from './identity.ts'

const METHOD = /<soapenv:Body><(\w+)/

export interface SoapServer {
  readonly address: string
  /** The methods asked for, in order. */
  readonly methods: readonly string[]
  /** Bytes that came in over TLS, of whatever. */
  readonly receivedBytes: () => number
  /** How many are open. */
  connections(): Promise<number>
  close(): Promise<void>
}

/** A real server on this machine; `respond` writes what it answers to a method. */
export async function serveSoap(identity: Identity, respond: (method: string, times: number, response: ServerResponse, request: string) => void): Promise<SoapServer> {
  const methods: string[] = []
  let receivedBytes = 0
  const server = createServer({ key: identity.key, cert: identity.cert }, (request, response) => {
    const onRequest = (body: string) => {
      const method = METHOD.exec(body)?.[1] ?? ''
      const times = methods.filter((one) => one === method).length
      methods.push(method)
      respond(method, times, response, body)
    }
    // A client that hung up has asked nothing.
    text(request).then(onRequest, () => response.destroy())
  })
  server.on('secureConnection', (socket) => socket.on('data', (chunk: Buffer) => (receivedBytes += chunk.length)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    address: `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    methods,
    receivedBytes: () => receivedBytes,
    connections: () => new Promise((resolve, reject) => server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
