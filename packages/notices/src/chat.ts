import { WEBHOOK_TEST_EVENT, isWebhookEventType } from '@driftless/domain'
import type { WebhookFormat } from '@driftless/domain'
import { instantIn } from './language.ts'
import type { Language } from './language.ts'
import { sentencesIn } from './texts/events.ts'

/** An event as a webhook's standard message carries it (`docs/webhooks.md`). */
export type ChatEvent = {
  readonly type: string
  readonly timestamp: string
  readonly data: {
    readonly tenant?: { readonly name: string } | undefined
    readonly subject: { readonly kind: string; readonly id: string; readonly name: string }
    readonly actor: { readonly name: string }
    readonly after?: string | undefined
    readonly reason?: string | undefined
  }
}

/** Longer ones are refused by the channels. */
const LONGEST_TEXT = 2_000

/**
 * A message as a channel of Slack (Block Kit) or Teams (an adaptive card) takes it, in one sentence. All that people have named stands in blocks of
 * plain text: no name becomes a link, a mention or markup. `portalUrl`: where the button leads; null: there is none.
 */
export function chatMessage(format: Exclude<WebhookFormat, 'STANDARD'>, language: Language, portalUrl: string | null, event: ChatEvent): object {
  const sentences = sentencesIn(language)
  const { type, data: { subject, actor, tenant, after, reason } } = event
  const said = { subject: subject.name, actor: actor.name, after: instantOrNothing(language, after) }
  const sentence = isWebhookEventType(type) || type === WEBHOOK_TEST_EVENT ? sentences[type](said) : `${type}: ${subject.name}`
  const lines = [sentence, ...(reason === undefined ? [] : [sentences.reason(reason)])].map((line) => line.slice(0, LONGEST_TEXT))
  const context = [tenant?.name, instantOrNothing(language, event.timestamp)].filter((part) => part !== undefined && part !== '').join(' · ')
  const link = portalUrl === null ? null : `${portalUrl}${pageOf(subject)}`
  return format === 'SLACK' ? slack(lines, context, link, sentences.open) : teams(lines, context, link, sentences.open)
}

function slack(lines: readonly string[], context: string, link: string | null, open: string): object {
  const plain = (text: string) => ({ type: 'plain_text', text, emoji: false })
  return {
    // Shown where blocks are not, in a notification: here signs are markup.
    text: lines.join(' ').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    blocks: [
      { type: 'section', text: plain(lines.join('\n')) },
      { type: 'context', elements: [plain(context), ...(link === null ? [] : [{ type: 'mrkdwn', text: `<${link}|${open}>` }])] },
    ],
  }
}

function teams(lines: readonly string[], context: string, link: string | null, open: string): object {
  // A rich text block, since a text block would read names as Markdown.
  const block = (text: string, look: object) => ({ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...look }] })
  return {
    type: 'message', summary: lines[0],
    attachments: [{
      contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null,
      content: {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json', type: 'AdaptiveCard', version: '1.4',
        body: [...lines.map((line, index) => block(line, index === 0 ? { weight: 'Bolder' } : {})), block(context, { isSubtle: true, size: 'Small' })],
        ...(link === null ? {} : { actions: [{ type: 'Action.OpenUrl', title: open, url: link }] }),
      },
    }],
  }
}

function instantOrNothing(language: Language, text: string | undefined): string {
  const atMs = text === undefined || !/^\d{4}-\d\d-\d\dT/.test(text) ? Number.NaN : Date.parse(text)
  return Number.isNaN(atMs) ? '' : instantIn(language, atMs, null)
}

/** Where a person looks further. */
function pageOf({ kind, id }: ChatEvent['data']['subject']): string {
  switch (kind) {
    case 'wave': return `/waves/${encodeURIComponent(id)}`
    case 'estimate': return `/estimate/${encodeURIComponent(id)}`
    case 'booking': return '/windows'
    case 'agent': case 'webhook': return '/configure'
    default: return ''
  }
}
