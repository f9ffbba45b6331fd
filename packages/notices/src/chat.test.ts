import { WEBHOOK_EVENT_TYPES } from '@driftless/domain'
import { describe, expect, it } from 'vitest'
import { chatMessage } from './chat.ts'
import type { ChatEvent } from './chat.ts'
import { sentencesIn } from './texts/events.ts'

const EVIL = 'Wave <!channel> & *bold* [x](https://evil.example) <https://evil.example|x>'
const event = (change: Partial<ChatEvent['data']> = {}, type = 'wave.go'): ChatEvent => ({ type, timestamp: '2026-11-28T14:03:22.417Z', data: { tenant: { name: 'Alpine' }, subject: { kind: 'wave', id: 'a b', name: EVIL }, actor: { name: 'Anna Keller' }, ...change } })

describe('a message for a channel', () => {
  it('is Block Kit for Slack, and no name in it is markup', () => {
    expect(chatMessage('SLACK', 'en', 'https://portal.example', event({ reason: 'because' }))).toEqual({
      text: 'Anna Keller said go for Wave &lt;!channel&gt; &amp; *bold* [x](https://evil.example) &lt;https://evil.example|x&gt;. Reason: because',
      blocks: [
        { type: 'section', text: { type: 'plain_text', text: `Anna Keller said go for ${EVIL}.\nReason: because`, emoji: false } },
        { type: 'context', elements: [{ type: 'plain_text', text: 'Alpine · 28 November 2026 at 14:03 (UTC)', emoji: false }, { type: 'mrkdwn', text: '<https://portal.example/waves/a%20b|Open in the portal>' }] },
      ],
    })
  })

  it('is an adaptive card for Teams, whose names stand in runs of text', () => {
    expect(chatMessage('TEAMS', 'fr', null, event())).toEqual({
      type: 'message', summary: `Anna Keller a dit go pour ${EVIL}.`,
      attachments: [{
        contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json', type: 'AdaptiveCard', version: '1.4',
          body: [
            { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: `Anna Keller a dit go pour ${EVIL}.`, weight: 'Bolder' }] },
            { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: 'Alpine · 28 novembre 2026 à 14:03 (UTC)', isSubtle: true, size: 'Small' }] },
          ],
        },
      }],
    })
  })

  it('has a sentence for every event in both languages, and stays within what channels take', () => {
    for (const language of ['en', 'fr'] as const)
      for (const type of [...WEBHOOK_EVENT_TYPES, 'webhook.test'] as const) {
        expect(sentencesIn(language)[type]({ subject: 'X', actor: 'Y', after: 'Z' }), type).toMatch(/X/)
        expect(JSON.stringify(chatMessage('TEAMS', language, 'https://p.example', event({ reason: 'r'.repeat(9_000) }, type))).length).toBeLessThan(10_000)
      }
  })

  it('says what it does not know by its name', () => {
    expect(JSON.stringify(chatMessage('SLACK', 'en', null, event({}, 'something.new')))).toContain('something.new: Wave')
  })
})
