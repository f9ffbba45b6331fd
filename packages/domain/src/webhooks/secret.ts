/** What a signing secret is sealed together with, so that it opens in its own row alone. */
export function webhookSecretContext(secretId: string): string {
  return `webhook-secret ${secretId}`
}
