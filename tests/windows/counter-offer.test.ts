/** Slots and counter-offers in a real browser, by four people: a calendar is published, a slot asked for, another one offered and accepted by keyboard, and everybody sees it. */
import type { Page } from 'playwright-core'
import { createTranslator } from 'use-intl/core'
import { expect, test } from 'vitest'
import english from '../../apps/web/messages/en/index.ts'
import { expectAccessible } from '../support/accessible.ts'
import { picture } from '../support/browser.ts'
import { portalPeople } from '../support/portal-people.ts'
import { planWave } from '../support/portal-steps.ts'

const WAVE = 'Warehouse'
const VM = 'app-01'
const SITE = 'Northwind Zürich'
const REASON = 'Our people are away that night.'
const t = createTranslator({ locale: 'en', messages: english })

const { driftless, person } = portalPeople()

/** What is on the page keeps nobody out, whatever the pointer lies over, and may be looked at. */
async function look(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0)
  await expectAccessible(page)
  await picture(page, name)
}

/** Presses Tab until something has the focus; a page that never gives it there is not usable by keyboard. */
async function tabTo(page: Page, role: 'button', name: string): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: true }).and(page.locator(':focus'))
  for (let presses = 0; presses < 200; presses += 1) {
    await page.keyboard.press('Tab')
    if ((await wanted.count()) > 0) return
  }
  throw new Error(`No Tab leads to ${name}.`)
}

test('another slot is offered, accepted by keyboard, and seen by everybody', async () => {
  // The administrator lengthens the notice period; the page shows what that comes to before it is published.
  const admin = await person('admin@northwind.example')
  await admin.goto(`${driftless().url}/configure?tab=calendars`)
  await admin.getByRole('button', { name: t('configure.calendars.changeOf', { site: SITE }) }).waitFor()
  await look(admin, 'calendars')
  await admin.getByRole('button', { name: t('configure.calendars.changeOf', { site: SITE }) }).click()
  await admin.getByLabel(t('configure.calendars.form.noticeHours')).fill('48')
  await look(admin, 'calendar-form')
  await admin.getByRole('button', { name: t('configure.calendars.form.check') }).click()
  await admin.getByText(t('configure.calendars.review.noConflict')).waitFor()
  await look(admin, 'calendar-review')
  await admin.getByRole('button', { name: t('configure.calendars.review.publish'), exact: true }).click()
  await admin.getByText(t('configure.calendars.review.done', { site: SITE })).waitFor()

  // The operator plans a wave and asks for the first slot that can be had.
  const operator = await person('operator@alpine.example')
  await planWave(operator, { wave: WAVE, vm: VM, validation: t('plan.atOnce') })
  await operator.getByRole('link', { name: t('wave.window.book') }).click()
  const slots = (page: Page) => page.getByRole('radiogroup', { name: t('windows.time.slots') }).getByRole('radio')
  await slots(operator).first().waitFor()
  await look(operator, 'book')
  const free = (page: Page) => slots(page).and(page.locator(':not([disabled])'))
  await free(operator).first().click()
  await operator.getByRole('button', { name: t('windows.book.submit') }).click()
  await operator.getByText(t('states.booking.REQUESTED')).first().waitFor()

  // The scheduler sees how long the request waits and what it holds, and offers the slot after it.
  const scheduler = await person('scheduler@northwind.example')
  await scheduler.goto(`${driftless().url}/windows`)
  const request = scheduler.getByRole('region', { name: t('windows.waiting.title') })
  await request.getByText(t('windows.card.waiting')).waitFor()
  await request.getByText(t('windows.card.heldUntil')).waitFor()
  await look(scheduler, 'queue')
  await request.getByRole('button', { name: t('windows.offer.action') }).click()
  await free(scheduler).nth(2).click()
  await scheduler.getByLabel(t('windows.offer.reason')).fill(REASON)
  await look(scheduler, 'offer')
  await scheduler.getByRole('button', { name: t('windows.offer.confirm') }).click()
  await scheduler.getByText(t('windows.offer.done', { wave: WAVE })).waitFor()

  // The approver may look, and decides nothing here; the operator accepts without a mouse.
  const approver = await person('approver@alpine.example')
  await approver.goto(`${driftless().url}/windows`)
  await approver.getByText(REASON).waitFor()
  expect(await approver.getByRole('button', { name: t('windows.accept.action') }).count()).toBe(0)
  await operator.getByText(REASON).waitFor()
  await look(operator, 'offered')
  await tabTo(operator, 'button', t('windows.accept.action'))
  await operator.keyboard.press('Enter')
  await operator.getByText(t('windows.accept.done', { wave: WAVE })).waitFor()
  for (const page of [operator, scheduler, approver]) await page.getByText(t('states.booking.APPROVED')).first().waitFor()

  // The calendar, by keyboard: the address follows, and Enter opens the day on which the window lies.
  await approver.getByRole('radio', { name: t('windows.calendar.views.month') }).click()
  await approver.waitForURL(/view=month/)
  const grid = approver.getByRole('grid')
  const day = grid.getByRole('gridcell', { name: WAVE })
  for (let months = 0; (await day.count()) === 0 && months < 2; months += 1) await approver.getByRole('button', { name: t('windows.calendar.after.month') }).click()
  await grid.locator('[tabindex="0"]').focus()
  await approver.keyboard.press('Home')
  const focused = async () => (await approver.locator(':focus').getAttribute('aria-label')) ?? ''
  for (let days = 0; days < 60 && !(await focused()).includes(WAVE); days += 1) {
    const before = await focused()
    await approver.keyboard.press('ArrowRight')
    await expect.poll(focused).not.toBe(before)
  }
  expect(new URL(approver.url()).searchParams.get('date')).toMatch(/^\d{4}-\d\d-\d\d$/)
  await look(approver, 'month')
  await grid.locator('[tabindex="0"]').focus()
  await approver.keyboard.press('Enter')
  await approver.getByRole('dialog').getByRole('link', { name: WAVE }).waitFor()
  await look(approver, 'day')
  await approver.keyboard.press('Escape')
  await expect.poll(focused).toContain(WAVE)
  await approver.getByRole('radio', { name: t('windows.calendar.views.week') }).click()
  await approver.getByRole('gridcell', { name: WAVE }).first().waitFor()
  await look(approver, 'week')

  // What is booked stands in the other customer's calendar as what is left, without a name.
  const other = await person('operator@harbour.example')
  await other.goto(approver.url())
  await other.getByRole('gridcell', { name: t('windows.slot.cutovers', { free: 3, count: 4 }) }).first().waitFor()
  expect(await other.getByText(WAVE).count()).toBe(0)
})
