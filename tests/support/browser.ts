import { findChromium } from '@driftless/launch/testing/chromium.ts'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { inheritedEnv } from '@driftless/launch/env.ts'
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
