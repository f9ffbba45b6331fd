import { z } from 'zod'
import { id, orderPublicKey } from './shapes.ts'

/**
 * An enrolment token as a person copies it: `dl1.<secret>.<SHA-256 of the gateway's CA certificate
 * (DER), hex>`. The agent refuses a gateway whose chain does not end in that CA, before it sends the secret.
 */
export const enrolmentToken = z.string().regex(/^dl1\.[A-Za-z0-9_-]{43}\.[0-9a-f]{64}$/)

export const enrolRequest = z.object({
  token: enrolmentToken,
  protocol: z.number().int(),
  version: z.string().max(40),
  /** The machine's name, as the agent sees it. */
  host: z.string().max(120),
  /** PKCS#10 request, PEM; the agent's private key never leaves it. */
  certificateRequestPem: z.string().max(8_192),
  /** Who the agent is already: only a token that is bound to it will do, so that no other is spent on it. */
  agentId: id.optional(),
})
export type EnrolRequest = z.infer<typeof enrolRequest>

export const enrolAnswer = z.object({
  agentId: id,
  role: z.enum(['SOURCE', 'TARGET']),
  /** Subject CN is the agent's id. Serves as client certificate towards the gateway and on both ends of the stream. */
  certificatePem: z.string(),
  caCertificatePem: z.string(),
  /** Whose orders the agent is to obey; absent from a gateway of before. */
  orderPublicKey: orderPublicKey.optional(),
})
export type EnrolAnswer = z.infer<typeof enrolAnswer>

/** The next certificate, for a key pair made for it. The present one is good until the next is first used. */
export const renewRequest = z.object({ protocol: z.number().int(), certificateRequestPem: z.string().max(8_192) })
export type RenewRequest = z.infer<typeof renewRequest>

export const renewAnswer = z.object({ certificatePem: z.string() })
export type RenewAnswer = z.infer<typeof renewAnswer>

/** The refusal of a certificate, whatever the reason: expired, revoked, quarantined, replaced, unknown. The message says which. */
export const CERTIFICATE_REFUSED = 'CERTIFICATE_REFUSED'

/** What the gateway answers when it refuses, with any 4xx or 5xx status. */
export const refusal = z.object({ code: z.string(), message: z.string() })
export type Refusal = z.infer<typeof refusal>
