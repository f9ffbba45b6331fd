/** The whole way through the portal's pages in a real browser, as three people: once in English, once in French. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attachedFile, evidenceFile, verifyFile } from '@driftless/evidence'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import type { Browser } from 'playwright-core'
import { createTranslator } from 'use-intl/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import english from '../../apps/web/messages/en/index.ts'
import french from '../../apps/web/messages/fr/index.ts'
import { expectAccessible } from '../support/accessible.ts'
import { launchBrowser, PAGE_MS, picture, signInAt } from '../support/browser.ts'
import { startDriftless } from '../support/driftless.ts'

/** A small VM from start to acceptance. */
const MIGRATION_MS = 180_000

let driftless: RunningDriftless
let browser: Browser
beforeAll(async () => {
  driftless = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json') })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await driftless?.stop()
})

const catalogues = { en: { locale: 'en-US', messages: english }, fr: { locale: 'fr-FR', messages: french } } as const
type Language = keyof typeof catalogues

/** A person at the portal: a browser of their own, in their language, with the texts they should see. */
async function person(email: string, language: Language) {
  const { locale, messages } = catalogues[language]
  const t = createTranslator({ locale: language, messages })
  const context = await browser.newContext({ locale, viewport: { width: 1440, height: 900 } })
  context.setDefaultTimeout(PAGE_MS)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  await page.goto(`${driftless.url}/sign-in`)
  await signInAt(page, email, messages)
  return { page, t, faults, close: () => context.close() }
}

describe.each([
  { language: 'en', vm: 'app-01', wave: 'Warehouse', automatic: false },
  { language: 'fr', vm: 'app-02', wave: 'Entrepôt', automatic: true },
] as const)('in $language', ({ language, vm, wave, automatic }) => {
  test(`three people move ${vm}, ${automatic ? 'automatically' : 'by hand'}`, async () => {
    const operator = await person('operator@alpine.example', language)
    const { page, t } = operator

    // The operator chooses a VM, where it goes and how it ends, and reads what will happen.
    await page.getByRole('checkbox', { name: t('ui.table.select', { name: vm }) }).click()
    await expectAccessible(page)
    await page.getByRole('button', { name: t('migrate.migrateSelected', { count: 1 }) }).click()
    const next = () => page.getByRole('button', { name: t('migrate.wizard.next'), exact: true }).click()
    await page.getByLabel(t('migrate.wizard.vms.name')).fill(wave)
    await next()
    await page.getByText(t('migrate.wizard.type.soon')).first().waitFor()
    await next()
    await page.getByLabel(t('migrate.wizard.destination.cpusOf', { name: vm })).fill('3')
    await next()
    if (automatic) await page.getByRole('radio', { name: t('migrate.wizard.cutover.automatic.title') }).click()
    await page.getByLabel(t('plan.agreement.validation')).click()
    await page.getByRole('option', { name: t('plan.atOnce') }).click()
    await expectAccessible(page)
    await next()
    await page.getByText(t('migrate.wizard.summary.happens')).waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: t('migrate.wizard.summary.start') }).click()
    await page.waitForURL(/\/waves\//)
    await page.getByRole('heading', { name: wave }).waitFor()
    const waveUrl = page.url()

    // The operator books a window, the scheduler approves it.
    await page.getByRole('link', { name: t('wave.window.book') }).click()
    // The first finds nothing booked, and a page with a second way to the dialog: there is one all the same, not one over the other.
    await page.getByText(t(automatic ? 'windows.next.title' : 'windows.empty.title')).first().waitFor()
    expect(await page.locator('[role="dialog"]').count()).toBe(1)
    await page.getByRole('button', { name: t('windows.book.startNow') }).click()
    await page.getByRole('button', { name: t('windows.book.submit') }).click()
    await page.getByText(t('states.booking.REQUESTED')).first().waitFor()
    const scheduler = await person('scheduler@northwind.example', language)
    await scheduler.page.goto(`${driftless.url}/windows`)
    await expectAccessible(scheduler.page)
    await scheduler.page.getByRole('button', { name: t('windows.approve.action'), exact: true }).click()
    await scheduler.page.getByRole('button', { name: t('windows.approve.confirm') }).click()
    await scheduler.page.getByText(t('windows.approve.done', { wave })).waitFor()

    // The approver says go; the operator starts the final migration, or it starts by itself.
    await page.goto(waveUrl)
    const approver = await person('approver@alpine.example', language)
    await approver.page.goto(`${waveUrl}/runbook`)
    await approver.page.getByText(t('runbook.preflight.found.GO_MISSING')).waitFor()
    await approver.page.getByRole('heading', { name: t('runbook.steps.title', { name: vm }) }).waitFor()
    await expectAccessible(approver.page)
    await picture(approver.page, `runbook-before-${language}`)
    await approver.page.goto(waveUrl)
    await approver.page.getByRole('button', { name: t('wave.goNoGo.go'), exact: true }).click({ timeout: MIGRATION_MS })
    await approver.page.getByRole('button', { name: t('wave.goNoGo.confirmAction') }).click()
    await approver.page.getByText(t('wave.goNoGo.saidGo', { name: 'Anna Keller' })).waitFor()
    if (!automatic) {
      await page.getByRole('button', { name: t('wave.final.one', { name: vm }) }).click({ timeout: MIGRATION_MS })
      await page.getByRole('button', { name: t('wave.final.confirm') }).click()
    }

    // The runbook tells what each step takes, and took.
    await approver.page.goto(`${waveUrl}/runbook`)
    await approver.page.getByText(t('runbook.steps.state.RUNNING'), { exact: true }).or(approver.page.getByText(t('runbook.steps.state.DONE'), { exact: true })).first().waitFor({ timeout: MIGRATION_MS })
    await picture(approver.page, `runbook-during-${language}`)
    await approver.page.getByText(t('runbook.steps.state.DONE'), { exact: true }).first().waitFor({ timeout: MIGRATION_MS })
    await expectAccessible(approver.page)
    await picture(approver.page, `runbook-after-${language}`)

    // It is live at the target, and the evidence says how that went.
    await page.getByText(t('wave.results.identical', { count: 1 })).waitFor({ timeout: MIGRATION_MS })
    await expectAccessible(page)
    // It shows how to verify what is signed, once it is.
    await page.getByRole('button', { name: t('wave.evidence.verify.open') }).waitFor({ timeout: MIGRATION_MS })
    const downloaded = async (format: 'jsonOf' | 'pdfOf') => {
      const downloading = page.waitForEvent('download')
      await page.getByRole('link', { name: t(`wave.evidence.${format}`, { name: vm }), exact: true }).click()
      return readFile(await (await downloading).path())
    }
    const json = await downloaded('jsonOf')
    const { pack } = evidenceFile.parse(JSON.parse(json.toString('utf8')))
    expect(verifyFile(json, [])).toMatchObject({ kind: 'GENUINE' })
    expect(pack).toMatchObject({ windows: [{ decided: { by: { name: 'Samir Haddad' } } }], approvals: [{ decision: 'GO', by: { name: 'Anna Keller' } }], vms: [{ source: { name: vm }, target: { cpus: 3 }, attempts: [{ guest: { health: 'HEALTHY' } }] }] })
    expect(Buffer.from(attachedFile(await downloaded('pdfOf')) ?? []).equals(json)).toBe(true)

    // What happened stands in the audit log, the charts and the bill; no page failed on the way.
    await page.goto(`${driftless.url}/audit-log`)
    await page.getByText(vm).first().waitFor()
    await expectAccessible(page)
    await page.goto(`${driftless.url}/statistics`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await expectAccessible(page)
    await scheduler.page.goto(`${driftless.url}/billing`)
    await scheduler.page.getByText(vm).first().waitFor()
    await expectAccessible(scheduler.page)
    expect([...operator.faults, ...scheduler.faults, ...approver.faults]).toEqual([])
    await Promise.all([operator.close(), scheduler.close(), approver.close()])
  })
})

test('another customer sees nothing of it, not even by its address', async () => {
  const { page: own, close: closeOwn } = await person('operator@alpine.example', 'en')
  await own.locator('a[href^="/waves/"]').first().click()
  await own.waitForURL(/\/waves\//)
  const { page, t, close } = await person('operator@harbour.example', 'en')
  await page.getByText(t('migrate.inventory.empty.title')).waitFor()
  await page.goto(own.url())
  await page.getByText(t('errors.WAVE_UNKNOWN')).or(page.getByText(t('shell.notFound.title'))).first().waitFor()
  expect(await page.getByText('Warehouse').count()).toBe(0)
  await Promise.all([close(), closeOwn()])
})

test('a wrong password does not tell which part was wrong', async () => {
  const context = await browser.newContext({ locale: 'en-US' })
  const page = await context.newPage()
  const t = createTranslator({ locale: 'en', messages: english })
  for (const email of ['operator@alpine.example', 'nobody@alpine.example']) {
    await page.goto(`${driftless.url}/sign-in`)
    await page.getByLabel(t('signIn.email')).fill(email)
    await page.getByLabel(t('signIn.password')).fill('not the password')
    await page.getByRole('button', { name: t('signIn.submit'), exact: true }).click()
    await page.getByText(t('errors.SIGN_IN_WRONG')).waitFor()
  }
  await context.close()
})
