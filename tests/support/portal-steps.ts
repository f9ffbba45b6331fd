import type { Page } from 'playwright-core'
import { createTranslator } from 'use-intl/core'
import english from '../../apps/web/messages/en/index.ts'

const t = createTranslator({ locale: 'en', messages: english })

/** What a wave of one VM is planned with, as the wizard's options read. */
type Planned = { readonly wave: string; readonly vm: string; readonly validation: string; readonly keepWayBack?: boolean; readonly automatic?: boolean }

/** From the wizard's VMs to its final migration, a step at a time: one that is not there yet takes no click. */
export async function wizardToCutover(page: Page): Promise<void> {
  for (const step of ['type', 'destination', 'cutover'] as const) {
    await page.getByRole('button', { name: t('migrate.wizard.next'), exact: true }).click()
    await page.getByRole('heading', { name: t(`migrate.wizard.${step}.title`) }).waitFor()
  }
}

/** Plans a wave in the wizard as an operator whose first page is open, and starts it; the wave's page is open afterwards. Answers its address. */
export async function planWave(page: Page, { wave, vm, validation, keepWayBack = false, automatic = false }: Planned): Promise<string> {
  await page.getByRole('checkbox', { name: t('ui.table.select', { name: vm }) }).click()
  await page.getByRole('button', { name: t('migrate.migrateSelected', { count: 1 }) }).click()
  await page.getByLabel(t('migrate.wizard.vms.name')).fill(wave)
  await wizardToCutover(page)
  if (automatic) await page.getByRole('radio', { name: t('migrate.wizard.cutover.automatic.title') }).click()
  await page.getByLabel(t('plan.agreement.validation'), { exact: true }).click()
  await page.getByRole('option', { name: validation, exact: true }).click()
  if (keepWayBack) await page.getByRole('checkbox', { name: t('plan.agreement.keepWayBack') }).click()
  await page.getByRole('button', { name: t('migrate.wizard.next'), exact: true }).click()
  await page.getByRole('button', { name: t('migrate.wizard.summary.start') }).click()
  await page.waitForURL(/\/waves\//)
  return page.url()
}

/** Books a window that begins now, from the wave's page. */
export async function bookNow(page: Page): Promise<void> {
  await page.getByRole('link', { name: t('wave.window.book') }).click()
  await page.getByRole('button', { name: t('windows.book.startNow') }).click()
  await page.getByRole('button', { name: t('windows.book.submit') }).click()
  await page.getByText(t('states.booking.REQUESTED')).first().waitFor()
}

/** Approves the one request that is open, as a scheduler. */
export async function approveWindow(page: Page, portal: string, wave: string): Promise<void> {
  await page.goto(`${portal}/windows`)
  await page.getByRole('button', { name: t('windows.approve.action'), exact: true }).click()
  await page.getByRole('button', { name: t('windows.approve.confirm') }).click()
  await page.getByText(t('windows.approve.done', { wave })).waitFor()
}
