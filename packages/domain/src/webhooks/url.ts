import { DomainError } from '../errors.ts'
import { judgeAddress } from './address.ts'
import type { Network } from './address.ts'

/** As the database keeps it. */
export const MOST_WEBHOOK_URL_LENGTH = 2_000
/** Below it live mail, shells and databases, none of which is a receiver of webhooks. */
const FIRST_FREE_PORT = 1_024
const WEB_PORTS = ['', '80', '443']

/**
 * An endpoint's address, as far as it can be judged without asking anybody: https, or http where `allowed` networks are
 * reached; no user or password; a port of the web, or 1024 and above; and no literal address outside of the Internet and
 * `allowed`, in whatever form (the parser turns 0x7f000001 into 127.0.0.1). What a name resolves to is checked by whoever
 * connects, then. WEBHOOK_URL, WEBHOOK_SCHEME, WEBHOOK_CREDENTIALS, WEBHOOK_PORT or WEBHOOK_ADDRESS.
 */
export function checkWebhookUrl(text: string, allowed: readonly Network[]): URL {
  if (text.length > MOST_WEBHOOK_URL_LENGTH || !URL.canParse(text)) throw new DomainError('WEBHOOK_URL', 'This is not a web address.')
  const url = new URL(text)
  const literal = literalOf(url)
  const judged = literal === null ? null : judgeAddress(literal, allowed)
  const mayBePlain = judged === null ? allowed.length > 0 : judged === 'ALLOWED'
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBePlain)) throw new DomainError('WEBHOOK_SCHEME', 'Webhooks go to https:// addresses.')
  if (url.username !== '' || url.password !== '') throw new DomainError('WEBHOOK_CREDENTIALS', 'The address carries a user or a password; the signature says who sends.')
  if (!WEB_PORTS.includes(url.port) && Number(url.port) < FIRST_FREE_PORT) throw new DomainError('WEBHOOK_PORT', `Port ${url.port} is not one of the web.`, { port: url.port })
  if (judged === 'REFUSED' || isLocalName(url.hostname)) throw new DomainError('WEBHOOK_ADDRESS', `${url.hostname} is not an address of the Internet.`, { host: url.hostname })
  return url
}

/** The address that stands in a URL instead of a name, without brackets; null for a name. */
export function literalOf(url: URL): string | null {
  if (url.hostname.startsWith('[')) return url.hostname.slice(1, -1)
  return /^\d+(\.\d+){3}$/.test(url.hostname) ? url.hostname : null
}

function isLocalName(hostname: string): boolean {
  return /(^|\.)localhost\.?$/.test(hostname)
}
