/** Whom events reach, in a real browser and a real mailbox: an inbox that follows a window, mails and appointments, a calendar's address, and a wave that somebody outside looks at. */
import type { Page } from 'playwright-core'
import { createTranslator } from 'use-intl/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import english from '../../apps/web/messages/en/index.ts'
import { expectAccessible } from '../support/accessible.ts'
import { openPage, picture } from '../support/browser.ts'
import { parseCalendar, valueOf } from '../support/ical.ts'
import { portalPeople } from '../support/portal-people.ts'
import { bookNow, planWave } from '../support/portal-steps.ts'
import { startSmtpServer } from '../support/smtp.ts'

const WAVE = 'Warehouse'
const VM = 'app-01'
const t = createTranslator({ locale: 'en', messages: english })

let smtp: Awaited<ReturnType<typeof startSmtpServer>>
beforeAll(async () => {
  smtp = await startSmtpServer()
})
afterAll(async () => {
  await smtp?.close()
})
const { driftless, browser, person } = portalPeople(() => ({ mail: { url: smtp.url, from: 'Northwind Cloud <no-reply@northwind.example>' } }))
const bell = (page: Page, count: number) => page.getByRole('link', { name: t('inbox.bell', { count }), exact: true })
const mailsTo = (email: string) => smtp.delivered.filter(({ to }) => to.includes(email))
const mailed = (email: string, text: RegExp) => expect.poll(() => mailsTo(email).some(({ source }) => text.test(source)), { timeout: 30_000 }).toBe(true)

test('a window reaches whoever acts next, in the inbox and by mail', async () => {
  const operator = await person('operator@alpine.example')
  await bell(operator, 0).waitFor()
  await planWave(operator, { wave: WAVE, vm: VM, validation: t('plan.atOnce') })
  await bookNow(operator)

  const scheduler = await person('scheduler@northwind.example')
  await mailed('scheduler@northwind.example', /asks[_ ]for[_ ]a[_ ]window/)
  await bell(scheduler, 1).click()
  await scheduler.getByText(t('inbox.kinds.DECIDE_REQUEST.title', { name: WAVE })).waitFor()
  await expectAccessible(scheduler)
  await picture(scheduler, 'inbox-scheduler')
  await scheduler.getByRole('link', { name: t('inbox.actionOf', { action: t('inbox.kinds.DECIDE_REQUEST.action'), name: WAVE }) }).click()
  await scheduler.getByRole('button', { name: t('windows.approve.action'), exact: true }).click()
  await scheduler.getByRole('button', { name: t('windows.approve.confirm') }).click()
  await scheduler.getByText(t('windows.approve.done', { wave: WAVE })).waitFor()

  const approver = await person('approver@alpine.example')
  await approver.goto(`${driftless().url}/inbox`)
  await approver.getByText(t('inbox.kinds.SAY_GO.title', { name: WAVE })).waitFor()
  await expectAccessible(approver)
  await picture(approver, 'inbox-approver')
  await mailed('approver@alpine.example', /METHOD:REQUEST|method=REQUEST/)
  expect(mailsTo('operator@harbour.example')).toEqual([])
})

test('a person chooses what they are written about, and has a calendar at an address of their own', async () => {
  const approver = await person('approver@alpine.example')
  await approver.goto(`${driftless().url}/account`)
  const reminders = approver.getByRole('switch', { name: t('account.mails.categories.REMINDERS.title') })
  await reminders.click()
  await expect.poll(() => reminders.getAttribute('aria-checked')).toBe('false')
  await approver.getByRole('button', { name: t('account.calendar.make') }).click()
  const address = await approver.getByRole('group', { name: t('account.calendar.address') }).textContent()
  await expectAccessible(approver)
  await picture(approver, 'account')
  const answer = await fetch(address ?? '')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/calendar; charset=utf-8'])
  expect(parseCalendar(await answer.text()).parts.map((part) => valueOf(part, 'SUMMARY'))).toEqual([`Cutover: ${WAVE}`])
})

test('a wave is shown to whoever has its link, until that ends', async () => {
  const operator = await person('operator@alpine.example')
  await operator.goto(`${driftless().url}/migrate`)
  await operator.getByRole('link', { name: WAVE }).first().click()
  await operator.getByRole('button', { name: t('sharing.share.open') }).click()
  await operator.getByRole('button', { name: t('sharing.share.make') }).click()
  const link = await operator.getByRole('group', { name: t('sharing.share.link') }).textContent()
  await expectAccessible(operator)
  await picture(operator, 'share')
  const stakeholder = await openPage(browser(), link ?? '')
  await stakeholder.getByRole('heading', { name: WAVE }).waitFor()
  await stakeholder.getByText(VM).waitFor()
  expect(stakeholder.url()).not.toContain('#')
  expect(await stakeholder.locator('meta[name=robots]').getAttribute('content')).toContain('noindex')
  await expectAccessible(stakeholder)
  await picture(stakeholder, 'shared')
  await operator.getByRole('button', { name: t('sharing.share.end'), exact: false }).last().click()
  const late = await openPage(browser(), link ?? '')
  await late.getByText(t('errors.WAVE_LINK_UNKNOWN')).waitFor()
})
