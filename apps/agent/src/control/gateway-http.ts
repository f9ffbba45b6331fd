import { Agent, request } from 'undici'
import { MAX_BODY_BYTES } from '@driftless/agent-api'
import type { PostJson } from '@driftless/agent-api'

/** TLS towards the gateway; `cert` and `key` are missing only while enrolling. */
export interface GatewayTls {
  ca: string
  cert?: string
  key?: string
}

const CONNECT_TIMEOUT_MS = 10_000

/** A long poll and a report at a time; a third for a report that overtakes. */
const MAX_CONNECTIONS = 3

export interface GatewayHttp {
  post: PostJson
  close(): Promise<void>
}

/** HTTPS to the gateway, trusting the given CA alone. Rejects with the transport's error; a body that is not JSON is null. */
export function gatewayHttp(gatewayUrl: string, tls: GatewayTls): GatewayHttp {
  const agent = new Agent({
    connect: { ...tls, minVersion: 'TLSv1.3', timeout: CONNECT_TIMEOUT_MS },
    connections: MAX_CONNECTIONS,
    maxResponseSize: MAX_BODY_BYTES,
  })
  return {
    post: async (path, body, { timeoutMs }) => {
      const answer = await request(new URL(path, gatewayUrl), {
        dispatcher: agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      })
      const text = await answer.body.text()
      let parsed: unknown = null
      try {
        parsed = JSON.parse(text)
      } catch {
        // Not JSON: a proxy's page perhaps. The client reports the status.
      }
      return { status: answer.statusCode, body: parsed }
    },
    close: () => agent.destroy(),
  }
}

/** The same for an agent whose certificate may be replaced: the client sees to it that no call is lost. */
export interface LiveGatewayHttp extends GatewayHttp {
  /** From now on calls are made with `tls`, on new connections. Calls under way are made again with it. */
  replace(tls: GatewayTls): Promise<void>
}

/**
 * HTTPS to the gateway with credentials that can be replaced. The connections of before are ended at once: the gateway takes
 * the use of a certificate that was replaced for that of a copy. All calls may be made twice, so those under way simply are.
 */
export function liveGatewayHttp(gatewayUrl: string, tls: GatewayTls): LiveGatewayHttp {
  let present = gatewayHttp(gatewayUrl, tls)
  return {
    post: async (path, body, options) => {
      for (;;) {
        const used = present
        try {
          return await used.post(path, body, options)
        } catch (error) {
          if (used === present) throw error
        }
      }
    },
    replace: async (next) => {
      const before = present
      present = gatewayHttp(gatewayUrl, next)
      await before.close()
    },
    close: () => present.close(),
  }
}
