/** How a webhook's messages are built: for programs, or to be read by people in a channel. */
export const WEBHOOK_FORMATS = ['STANDARD', 'SLACK', 'TEAMS'] as const
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

/** Languages that messages for people are written in. */
export const WEBHOOK_LANGUAGES = ['en', 'fr'] as const
export type WebhookLanguage = (typeof WEBHOOK_LANGUAGES)[number]
