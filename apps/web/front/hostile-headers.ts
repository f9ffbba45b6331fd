import type { IncomingHttpHeaders } from 'node:http'

/**
 * Headers with which a client could pass for our own server, for a proxy, or for Next's inner machinery (Next CVE-2025-29927
 * was `x-middleware-subrequest`). None means anything to us when it comes from outside.
 */
const FROM_OUTSIDE_NEVER = /^(?:x-driftless-|x-middleware-|x-nextjs-|x-next-|x-invoke-|x-matched-path|x-nonce|x-vercel-|x-now-|x-original-|x-rewrite-|x-http-method|x-method-override|x-real-ip|x-client-ip|true-client-ip|cf-connecting-ip|forwarded|content-security-policy|next-action|next-resume)/
/** What a proxy says of its client; kept only where one is trusted. */
const FROM_PROXIES = /^x-forwarded-/

/** Removes from `headers` what only we, or a trusted proxy, may say. */
export function dropHostile(headers: IncomingHttpHeaders, trustProxies: boolean): void {
  for (const name of Object.keys(headers)) if (FROM_OUTSIDE_NEVER.test(name) || (!trustProxies && FROM_PROXIES.test(name))) delete headers[name]
}

/**
 * The client's network address: the connection's own, or with `hops` trusted proxies in front what the outermost of them saw,
 * counted from the right, since whatever stands further left the client itself may have written.
 */
export function clientAddress(connection: string | undefined, forwardedFor: string | string[] | undefined, hops: number): string | null {
  const said = (Array.isArray(forwardedFor) ? forwardedFor.join(',') : (forwardedFor ?? '')).split(',').map((part) => part.trim()).filter((part) => part !== '')
  const seen = hops === 0 ? connection : (said.at(-hops) ?? said[0] ?? connection)
  return seen?.replace(/^::ffff:(?=\d+\.)/, '').slice(0, LONGEST_ADDRESS) ?? null
}
/** An IPv6 address with its zone. */
const LONGEST_ADDRESS = 60
