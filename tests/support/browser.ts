import { join } from 'node:path'
import { findChromium } from '@driftless/launch/testing/chromium.ts'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { inheritedEnv } from '@driftless/launch/env.ts'
import english from '../../apps/web/messages/en/index.ts'
import { DEMO_PASSWORD } from '../../prisma/seed/demo.ts'
import { testEnv } from './env.ts'

/** No sandbox: containers forbid it, and only our own pages are opened. The rest keeps it off the network. */
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage']

/** Starts a headless Chromium; the caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  const found = await findChromium(testEnv().PATH, (line) => console.log(line))
  const own = found.folder === null ? {} : { LD_LIBRARY_PATH: `${found.folder}/lib`, FONTCONFIG_PATH: found.folder }
  return chromium.launch({ executablePath: found.executable, headless: true, args: ARGUMENTS, env: { ...inheritedEnv(process.env), ...own } })
}

/** A page's answer to a click; a cold page on a busy machine takes seconds. */
export const PAGE_MS = 30_000

/** A page at `url` in a context of its own: cookies, language, and patience for whatever is asked of it. */
export async function openPage(browser: Browser, url: string, locale = 'en-US'): Promise<Page> {
  const context = await browser.newContext({ locale, viewport: { width: 1440, height: 900 } })
  context.setDefaultTimeout(PAGE_MS)
  const page = await context.newPage()
  await page.goto(url)
  return page
}

/** The sign-in page's texts, in the language that the page is in. */
type SignInTexts = { readonly signIn: { readonly email: string; readonly password: string; readonly submit: string } }

/** Enters one of the demo's people at the sign-in page. */
export async function enterPassword(page: Page, email: string, { signIn }: SignInTexts = english): Promise<void> {
  await page.getByLabel(signIn.email).fill(email)
  await page.getByLabel(signIn.password).fill(DEMO_PASSWORD)
  await page.getByRole('button', { name: signIn.submit, exact: true }).click()
}

/** The same, for somebody without a second factor, until their first page is there. */
export async function signInAt(page: Page, email: string, texts: SignInTexts = english): Promise<void> {
  await enterPassword(page, email, texts)
  await page.waitForURL(/\/(migrate|overview)/)
}

/** For people who look at it: a page or its dialog in both themes, wide and narrow, where a folder is named. */
export async function picture(page: Page, name: string): Promise<void> {
  const { DRIFTLESS_TEST_PICTURES: folder } = testEnv()
  if (folder === undefined) return
  for (const theme of ['light', 'dark'] as const)
    for (const [width, height] of [[1440, 900], [390, 844]] as const) {
      await page.emulateMedia({ colorScheme: theme })
      await page.setViewportSize({ width, height })
      await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`), fullPage: (await page.getByRole('dialog').count()) === 0 })
    }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1440, height: 900 })
}
