import { Webhook } from 'standardwebhooks'

/** The headers of the Standard Webhooks specification: `secrets` (`whsec_…`) all sign, so that a receiver may know either of two. */
export function signedHeaders(messageId: string, payload: string, secrets: readonly string[], now: Date): Record<string, string> {
  return {
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(messageId, now, payload)).join(' '),
  }
}
