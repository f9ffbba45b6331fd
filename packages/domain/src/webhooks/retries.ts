const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** What is waited after each failed attempt in turn, as the Standard Webhooks specification proposes; after the last there is no more. */
export const WEBHOOK_RETRY_DELAYS_MS = [
  5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS, 14 * HOUR_MS, 20 * HOUR_MS, 24 * HOUR_MS,
] as const

/** A receiver that comes back is not asked everything in the same second: a delay is stretched or shortened by up to this part. */
export const WEBHOOK_RETRY_JITTER = 0.1

/** An endpoint that took nothing for so long is switched off: somebody has to look at it. */
export const WEBHOOK_FAILING_LIMIT_MS = 5 * 24 * HOUR_MS

/** After a rotation the secret before signs beside the new one for this long. */
export const WEBHOOK_SECRET_OVERLAP_MS = 24 * HOUR_MS

/**
 * How long to wait, in milliseconds, after `attempts` failed ones (1 is the first) before the next; null when there is none.
 * `chance` is even between 0 and 1.
 */
export function webhookRetryDelayMs(attempts: number, chance: number): number | null {
  const delayMs = WEBHOOK_RETRY_DELAYS_MS[attempts - 1]
  return delayMs === undefined ? null : Math.round(delayMs * (1 + WEBHOOK_RETRY_JITTER * (2 * chance - 1)))
}

/** Why an attempt, or a delivery, failed. */
export const WEBHOOK_FAILURES = ['STATUS', 'REDIRECT', 'GONE', 'TIMEOUT', 'ADDRESS', 'NAME', 'TLS', 'CONNECTION', 'SECRET', 'DISABLED'] as const
export type WebhookFailure = (typeof WEBHOOK_FAILURES)[number]

/** Why an endpoint is off. */
export const WEBHOOK_DISABLED_REASONS = ['PERSON', 'GONE', 'FAILING'] as const
export type WebhookDisabledReason = (typeof WEBHOOK_DISABLED_REASONS)[number]
