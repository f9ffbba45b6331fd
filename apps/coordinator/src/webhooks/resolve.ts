import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'

/** All addresses of a name, IPv4 first; none when it has none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

/**
 * Asks DNS, and nothing else: the system's own way (getaddrinfo) holds one of the few threads of this process for as long as
 * somebody's name server likes.
 */
export const resolveByDns: Resolve = async (hostname) => {
  if (isIP(hostname) !== 0) return [hostname]
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 })
  const found = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  return found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
}
const DNS_TIMEOUT_MS = 2_000
