/** The language and the clock of whoever looks: chosen by keyboard, kept, and followed by what is sent to them; every time is by their own clock. */
import { openDb } from '@driftless/db'
import type { Page } from 'playwright-core'
import { createTranslator } from 'use-intl/core'
import { expect, test } from 'vitest'
import english from '../../apps/web/messages/en/index.ts'
import french from '../../apps/web/messages/fr/index.ts'
import { PAGE_MS, signInAt } from '../support/browser.ts'
import { portalPeople } from '../support/portal-people.ts'

const ZONE = 'Asia/Tokyo'
const OLIVIA = 'operator@alpine.example'
const { driftless, browser } = portalPeople()
const en = createTranslator({ locale: 'en', messages: english })
const fr = createTranslator({ locale: 'fr', messages: french })

/** A page whose browser stands in Tokyo and speaks English, and all that went wrong in it. */
async function abroad(): Promise<{ readonly page: Page; readonly wrong: string[] }> {
  const context = await browser().newContext({ locale: 'en-US', timezoneId: ZONE, viewport: { width: 1440, height: 900 } })
  context.setDefaultTimeout(PAGE_MS)
  const page = await context.newPage()
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(error.message))
  page.on('response', (response) => { if (response.status() >= 400) wrong.push(`${response.status()} ${response.request().method()} ${response.url()}`) })
  return { page, wrong }
}

/** Opens the menu of languages and chooses, by keyboard alone. */
async function choose(page: Page, menu: string, language: string): Promise<void> {
  await page.getByRole('button', { name: menu, exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitemradio', { name: language }).focus()
  await page.keyboard.press('Enter')
}

test('the portal is in the language that is chosen, and by the clock of whoever looks', async () => {
  const { page, wrong } = await abroad()
  await page.goto(`${driftless().url}/sign-in`)
  await choose(page, en('shell.language'), en('shell.languages.fr'))
  await page.getByRole('heading', { name: fr('signIn.title') }).waitFor()
  await choose(page, fr('shell.language'), fr('shell.languages.en'))
  await signInAt(page, OLIVIA)

  await page.goto(`${driftless().url}/windows`)
  await page.getByText(en('windows.lead', { zone: ZONE })).waitFor()
  await choose(page, en('shell.language'), en('shell.languages.fr'))
  await page.getByText(fr('windows.lead', { zone: ZONE })).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: fr('windows.title'), exact: true }).waitFor()
  expect(await page.locator('html').getAttribute('lang')).toBe('fr')
  expect(wrong).toEqual([])

  // Their mails follow.
  const db = openDb(driftless().ownerUrl, 1)
  try {
    await expect.poll(async () => (await db.user.findFirst({ where: { email: OLIVIA }, select: { locale: true } }))?.locale).toBe('fr')
  } finally {
    await db.$disconnect()
  }
})
