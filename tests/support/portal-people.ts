import { join } from 'node:path'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { launchBrowser, openPage, signInAt } from './browser.ts'
import { startDriftless } from './driftless.ts'

type Options = Parameters<typeof startDriftless>[0]

/**
 * Driftless over the small lab and a browser, started before a file's tests and stopped after them. `person` signs one of the demo's
 * people in, each in a browser of their own. `more` is asked when it starts.
 */
export function portalPeople(more: () => Partial<Options> = () => ({})): { readonly driftless: () => RunningDriftless; readonly browser: () => Browser; readonly person: (email: string) => Promise<Page> } {
  let driftless: RunningDriftless | undefined
  let browser: Browser | undefined
  beforeAll(async () => {
    driftless = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json'), ...more() })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await driftless?.stop()
  })
  const there = <T>(one: T | undefined): T => {
    if (one === undefined) throw new Error('The portal is started before the first test, not before.')
    return one
  }
  return {
    driftless: () => there(driftless),
    browser: () => there(browser),
    person: async (email) => {
      const page = await openPage(there(browser), `${there(driftless).url}/sign-in`)
      await signInAt(page, email)
      return page
    },
  }
}
