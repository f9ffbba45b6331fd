/** A rollback in a real browser, by three people: a VM that was moved is looked at, found wanting, and returned with what it wrote at the target. */
import { createTranslator } from 'use-intl/core'
import { expect, test } from 'vitest'
import english from '../../apps/web/messages/en/index.ts'
import { expectAccessible } from '../support/accessible.ts'
import { picture } from '../support/browser.ts'
import { labVms } from '../support/lab.ts'
import { portalPeople } from '../support/portal-people.ts'
import { approveWindow, bookNow, planWave } from '../support/portal-steps.ts'

const WAVE = 'Warehouse'
const VM = 'app-01'
const REASON = 'The printers at the counter do not find it.'
/** A small VM's way to the target, and home again. */
const MIGRATION_MS = 180_000
const t = createTranslator({ locale: 'en', messages: english })

const { driftless, person } = portalPeople()

test('a VM that was moved is returned by its operator, and nobody is left in doubt where it runs', async () => {
  const operator = await person('operator@alpine.example')
  const waveUrl = await planWave(operator, { wave: WAVE, vm: VM, validation: t('units.h', { value: '4' }), keepWayBack: true, automatic: true })
  await bookNow(operator)
  const scheduler = await person('scheduler@northwind.example')
  await approveWindow(scheduler, driftless().url, WAVE)
  const approver = await person('approver@alpine.example')
  await approver.goto(waveUrl)
  await approver.getByRole('button', { name: t('wave.goNoGo.go'), exact: true }).click()
  await approver.getByRole('button', { name: t('wave.goNoGo.confirmAction') }).click()

  // At the target, and looked at: the approver could accept it, the operator sends it home and says why.
  await operator.goto(waveUrl)
  await operator.getByText(t('validation.card', { name: VM })).waitFor({ timeout: MIGRATION_MS })
  await operator.getByText(t('validation.wayBackOn')).waitFor()
  await approver.getByRole('button', { name: t('validation.accept.action'), exact: true }).waitFor()
  expect(await operator.getByRole('button', { name: t('validation.accept.action'), exact: true }).count()).toBe(0)
  await expectAccessible(approver)
  await picture(approver, 'validation')
  await operator.getByRole('button', { name: t('validation.return.action'), exact: true }).click()
  const dialog = operator.getByRole('dialog')
  await dialog.getByText(t('validation.return.kept')).waitFor()
  await dialog.getByLabel(t('validation.return.reason')).fill(REASON)
  await expectAccessible(operator)
  await picture(operator, 'return')
  await dialog.getByRole('button', { name: t('validation.return.action'), exact: true }).click()

  // Everybody sees the reason, and where it runs in the end: at its source, and there alone.
  for (const page of [operator, approver]) await page.getByText(REASON).first().waitFor()
  for (const page of [operator, approver]) await page.getByText(t('validation.step.RETURNED')).first().waitFor({ timeout: MIGRATION_MS })
  await expectAccessible(operator)
  await picture(operator, 'returned')
  const on = async (side: 'source' | 'target') => (await labVms(driftless(), side)).filter(({ name, power }) => name === VM && power === 'ON').length
  expect([await on('source'), await on('target')]).toEqual([1, 0])
  await scheduler.goto(`${driftless().url}/billing`)
  await scheduler.getByRole('heading', { level: 1 }).waitFor()
  expect(await scheduler.getByText(VM).count()).toBe(0)
})
