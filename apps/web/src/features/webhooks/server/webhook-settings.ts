import { isWebhookEventType, WEBHOOK_EVENT_TYPES, WEBHOOK_FORMATS, WEBHOOK_LANGUAGES } from '@driftless/domain'
import { z } from 'zod'

export const webhookId = z.string().min(1).max(120)

/** What a person may set of a webhook. The address is judged by `checkWebhookUrl`, in words. */
export const webhookSettings = z.object({
  name: z.string().trim().min(1).max(60),
  url: z.string().trim().max(4_000),
  eventTypes: z.array(z.string().refine(isWebhookEventType)).min(1).max(WEBHOOK_EVENT_TYPES.length).transform((types) => [...new Set(types)]),
  format: z.enum(WEBHOOK_FORMATS).default('STANDARD'),
  language: z.enum(WEBHOOK_LANGUAGES).default('en'),
})
