import { NOTICE_KINDS, NOTICE_RULES, SEED_PROBLEMS, inAudience, isNoticeKind, isProviderRole, isShipmentNotice, USER_ROLES } from '@driftless/domain'
import type { ShipmentNoticeKind } from '@driftless/domain'
import { describe, expect, it } from 'vitest'
import { noticeMail } from './notice-mail.ts'
import type { NoticeFacts } from './notice-mail.ts'
import type { ShipmentNoticeFacts } from './shipment-mail.ts'

const shipment: ShipmentNoticeFacts = {
  staff: false, carrier: 'Swiss <Post>', trackingNumber: '99.00.1234', handedOverAtMs: Date.UTC(2026, 10, 29, 16), expectedAtMs: Date.UTC(2026, 11, 2, 23, 30), transitDays: 3, devices: 2, from: 'Alpine HQ', to: 'Zurich', zone: 'Europe/Zurich', problems: [], damagedChunks: 0, damagedShare: 0,
}
const facts = (change: Partial<ShipmentNoticeFacts> = {}, rest: Partial<NoticeFacts> = {}): NoticeFacts => ({ name: 'Warehouse', customer: 'Alpine Outfitters', vmNames: ['web', 'db'], window: null, actor: 'Olivia Berger', reason: null, untilMs: null, page: '/shipments/s-1', shipment: { ...shipment, ...change }, ...rest })
const mail = (language: 'en' | 'fr', kind: ShipmentNoticeKind, given: NoticeFacts) => noticeMail(language, 'https://portal.example', { name: 'Rea' }, kind, given)
const KINDS = Object.keys(NOTICE_KINDS).filter(isNoticeKind).filter(isShipmentNotice)
/** Who of either side a rule reaches. */
const sidesOf = (kind: ShipmentNoticeKind) => [...new Set(NOTICE_RULES.filter((rule) => rule.kind === kind).flatMap(({ to }) => USER_ROLES.filter((role) => inAudience(to, role) === true).map(isProviderRole)))]

describe.each(['en', 'fr'] as const)('a mail about a shipment, in %s', (language) => {
  const NEXT = { en: /Next(, you or a colleague|: nobody|: the (provider’s staff|customer))/, fr: /À vous ou à un collègue :|Ensuite : (rien à faire|le (personnel|client))/ }[language]

  it.each(KINDS.flatMap((kind) => sidesOf(kind).map((staff) => ({ kind, staff }))))('$kind says what is so, who does what next, and where (staff: $staff)', ({ kind, staff }) => {
    const { subject, text, html } = mail(language, kind, facts({ staff, problems: kind === 'SHIPMENT_REFUSED' || kind === 'SHIPMENT_HELD' ? [{ vm: 'web', known: 'SEED_NO_ROOM', message: 'needs 9 GB' }] : [] }))
    expect(subject).toContain('Warehouse')
    expect(text).toMatch(NEXT)
    expect(text).toContain('https://portal.example/shipments/s-1')
    expect(`${subject}${text}${html}`).not.toMatch(/undefined|\[object|NaN|null/)
    expect(html).not.toContain('<Post>')
    expect(html).toContain('href="https://portal.example/shipments/s-1"')
  })

  it('names each problem that it knows, and the agent’s words for one that it does not', () => {
    const problems = [...SEED_PROBLEMS.map((known) => ({ vm: `vm of ${known}`, known, message: 'in its words' })), { vm: 'other', known: null, message: 'from the future' }]
    const { text } = mail(language, 'SHIPMENT_REFUSED', facts({ problems }, { reason: 'in its words' }))
    for (const { vm } of problems) expect(text).toContain(vm)
    expect(text).toContain('from the future')
    // What the agent said stands there once for each, not again as somebody's note.
    expect(text.split('in its words')).toHaveLength(SEED_PROBLEMS.length + 1)
  })
})

it('tells the day of arrival by the target’s clock, and who carries under which number', () => {
  const { text } = mail('en', 'SHIPMENT_COMING', facts({ staff: true }))
  expect(text).toContain('Thursday, 3 December 2026')
  expect(text).toContain('Swiss <Post>, 99.00.1234')
  expect(mail('en', 'SHIPMENT_COMING', facts({ staff: true, zone: null })).text).toContain('Wednesday, 2 December 2026')
  expect(mail('en', 'SHIPMENT_COMING', facts({ staff: true, trackingNumber: null })).text).toContain('to Swiss <Post>. Expected')
})

it('calls what somebody wrote a reason where it is one, and a note where it is not', () => {
  expect(mail('en', 'SHIPMENT_CANCELLED', facts({}, { reason: 'the parcel was lost' })).text).toContain('Reason given: the parcel was lost')
  expect(mail('en', 'SHIPMENT_RECEIVED', facts({}, { reason: 'two boxes' })).text).toContain('Note: two boxes')
})

it('says of damage how much it was', () => {
  expect(mail('en', 'SHIPMENT_DAMAGED', facts({ damagedChunks: 12, damagedShare: 0.0345 })).text).toContain('12 pieces, 3.5%')
  expect(mail('en', 'SHIPMENT_IMPORTED', facts({ damagedChunks: 1, damagedShare: 0.001 })).text).toContain('one piece, 0.1%')
  expect(mail('en', 'SHIPMENT_IMPORTED', facts()).text).toContain('Nothing was damaged.')
})
