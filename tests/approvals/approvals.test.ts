/** Approvals in a real browser, by four people: a rule that needs two, a go that a changed plan voids, and what changed beside it. */
import { createTranslator } from 'use-intl/core'
import { expect, test } from 'vitest'
import english from '../../apps/web/messages/en/index.ts'
import { expectAccessible } from '../support/accessible.ts'
import { picture } from '../support/browser.ts'
import { portalPeople } from '../support/portal-people.ts'
import { approveWindow, bookNow, wizardToCutover } from '../support/portal-steps.ts'

const WAVE = 'Warehouse'
const VM = 'app-01'
const t = createTranslator({ locale: 'en', messages: english })

const { driftless, person } = portalPeople()

test('a go is said about a plan, and void once the plan changes', async () => {
  // The operator plans a wave, and has to say how long a VM is looked at before it is accepted.
  const operator = await person('operator@alpine.example')
  await operator.getByRole('checkbox', { name: t('ui.table.select', { name: VM }) }).click()
  await operator.getByRole('button', { name: t('migrate.migrateSelected', { count: 1 }) }).click()
  const next = () => operator.getByRole('button', { name: t('migrate.wizard.next'), exact: true }).click()
  await operator.getByLabel(t('migrate.wizard.vms.name')).fill(WAVE)
  await wizardToCutover(operator)
  await next()
  await operator.getByText(t('plan.agreement.validationNeeded')).waitFor()
  await operator.getByLabel(t('plan.agreement.validation')).click()
  await operator.getByRole('option', { name: t('plan.atOnce') }).click()
  await expectAccessible(operator)
  await picture(operator, 'wizard')
  await next()
  await operator.getByRole('button', { name: t('migrate.wizard.summary.start') }).click()
  await operator.waitForURL(/\/waves\//)
  const waveUrl = operator.url()

  // A window, approved.
  await bookNow(operator)
  const scheduler = await person('scheduler@northwind.example')
  await approveWindow(scheduler, driftless().url, WAVE)

  // The rule: the administrator names the operator as well, who booked and so may not decide; the tool says who may.
  const admin = await person('admin@northwind.example')
  await admin.goto(`${driftless().url}/configure?tab=approvals`)
  await admin.getByRole('button', { name: t('approvals.changeOf', { tenant: 'Alpine Outfitters' }) }).click()
  await admin.getByLabel('Olivia Berger').click()
  await admin.getByLabel(t('approvals.form.expires')).fill('24')
  await expectAccessible(admin)
  await picture(admin, 'policy')
  await admin.getByRole('button', { name: t('approvals.form.save'), exact: true }).click()
  await admin.getByText(t('approvals.form.done', { tenant: 'Alpine Outfitters' })).waitFor()
  await picture(admin, 'configure')
  await operator.goto(waveUrl)
  await operator.getByText(t('wave.goNoGo.own')).waitFor()

  // The approver reads the plan and says go.
  const approver = await person('approver@alpine.example')
  await approver.goto(waveUrl)
  await approver.getByRole('button', { name: t('wave.goNoGo.go'), exact: true }).click()
  await approver.getByRole('heading', { name: t('plan.view.title') }).waitFor()
  await expectAccessible(approver)
  await picture(approver, 'go')

  // Meanwhile the plan changes: what the approver has on the screen is no longer it.
  const change = async (cpus: string) => {
    await operator.getByRole('button', { name: t('plan.change.open') }).click()
    await operator.getByRole('button', { name: t('plan.change.edit', { name: VM }) }).click()
    await operator.getByLabel(t('plan.change.cpus')).fill(cpus)
    await expectAccessible(operator)
    await picture(operator, 'change')
    await operator.getByRole('button', { name: t('plan.change.save') }).click()
    await operator.getByText(t('plan.change.done')).first().waitFor()
  }
  await change('3')
  await approver.getByText(t('wave.goNoGo.planMoved')).waitFor()
  await approver.getByRole('button', { name: t('wave.goNoGo.readAgain') }).click()
  await approver.getByRole('button', { name: t('wave.goNoGo.confirmAction') }).click()
  await approver.getByText(t('wave.goNoGo.saidGo', { name: 'Anna Keller' })).waitFor()

  // And changes once more: the go is void, with what changed beside it, until it is said again.
  await change('4')
  await approver.getByText(t('wave.goNoGo.voided.PLAN_CHANGED')).waitFor()
  const changes = approver.getByRole('region', { name: t('plan.diff.title') })
  expect(await changes.innerText()).toMatch(/app-01: CPUs[\s\S]*3[\s\S]*4/)
  await expectAccessible(approver)
  await picture(approver, 'void')
  await approver.getByRole('button', { name: t('wave.goNoGo.go'), exact: true }).click()
  await approver.getByRole('button', { name: t('wave.goNoGo.confirmAction') }).click()
  await approver.getByText(t('wave.goNoGo.voided.PLAN_CHANGED')).waitFor({ state: 'detached' })
  await approver.getByRole('button', { name: t('wave.goNoGo.again') }).waitFor()
})
