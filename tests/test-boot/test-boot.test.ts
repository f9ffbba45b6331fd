/** A test boot as an operator sees it: a copy of a running VM boots apart from every network, and is gone without a trace. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import pg from 'pg'
import type { Browser, Page } from 'playwright-core'
import { createTranslator } from 'use-intl/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import messages from '../../apps/web/messages/en/index.ts'
import { expectAccessible } from '../support/accessible.ts'
import { enterPassword, launchBrowser, openPage, PAGE_MS } from '../support/browser.ts'
import { startDriftless } from '../support/driftless.ts'
import { labVms } from '../support/lab.ts'
import { wizardToCutover } from '../support/portal-steps.ts'

/** A small VM until it is in step, and a test from its start to its result. */
const REPLICATED_MS = 180_000
const VM = 'app-01'

const t = createTranslator({ locale: 'en', messages })
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

const testRows = z.array(z.object({ status: z.string(), outcome: z.string().nullable(), end_reason: z.string().nullable(), held_ms: z.number().nullable(), acknowledged_sequence: z.coerce.number().nullable() }))

/** The test boots there have been, oldest first. */
async function storedTests() {
  const client = new pg.Client({ connectionString: driftless.ownerUrl })
  await client.connect()
  try {
    return testRows.parse((await client.query('SELECT * FROM test_boot ORDER BY id')).rows)
  } finally {
    await client.end()
  }
}

/** Every file and folder of a test that lies anywhere in Driftless's home. */
async function traces(): Promise<string[]> {
  const all = await readdir(driftless.places.home, { recursive: true })
  return all.filter((path) => /(^|\/)replicas\/[^/]+\/test(\/|$)/.test(path))
}

async function operatorAtTheirWave(): Promise<Page> {
  const page = await openPage(browser, `${driftless.url}/sign-in`)
  await enterPassword(page, 'operator@alpine.example')
  await page.waitForURL(/\/migrate/)
  await page.getByRole('checkbox', { name: t('ui.table.select', { name: VM }) }).click()
  await page.getByRole('button', { name: t('migrate.migrateSelected', { count: 1 }) }).click()
  await page.getByLabel(t('migrate.wizard.vms.name')).fill('Warehouse')
  const next = () => page.getByRole('button', { name: t('migrate.wizard.next'), exact: true }).click()
  await wizardToCutover(page)
  await page.getByLabel(t('plan.agreement.validation')).click()
  await page.getByRole('option', { name: t('plan.atOnce') }).click()
  await next()
  await page.getByRole('button', { name: t('migrate.wizard.summary.start') }).click()
  await page.waitForURL(/\/waves\//)
  // The pointer rests where the note appears, over the wave's buttons, and holds it there.
  await page.mouse.move(0, 0)
  await page.getByText(t('migrate.wizard.summary.started', { name: 'Warehouse' })).waitFor({ state: 'hidden' })
  return page
}

test('a copy of a running VM boots healthy, survives nothing, and leaves nothing', async () => {
  const page = await operatorAtTheirWave()
  const start = async () => {
    await page.getByRole('button', { name: t('testBoot.start.open', { name: VM }) }).click({ timeout: REPLICATED_MS })
    await page.getByRole('button', { name: t('testBoot.start.action') }).click()
    await page.getByText(t('testBoot.result.HEALTHY')).waitFor({ timeout: REPLICATED_MS })
  }
  const discard = async () => {
    await page.getByRole('button', { name: t('testBoot.discard.action') }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: t('testBoot.discard.action') }).click()
    await page.getByText(t('states.testBoot.ENDED'), { exact: true }).waitFor({ timeout: PAGE_MS })
  }
  await start()
  await expectAccessible(page)
  const [first] = await storedTests()
  expect(first).toMatchObject({ status: 'HEALTHY', outcome: 'HEALTHY' })
  expect(first?.held_ms).toBeLessThan(1_000) // the gate opens by itself after 250 ms; the rest is a busy machine's timers

  // The guest's own ledger, read by the guest's own check: everything acknowledged before the moment is there.
  const [copy] = await labVms(driftless, 'target')
  expect(copy).toMatchObject({ name: `${VM} (test)`, isolated: true, power: 'ON', health: 'HEALTHY' })
  expect(copy?.sequenceAtBoot).toBeGreaterThanOrEqual(first?.acknowledged_sequence ?? Number.POSITIVE_INFINITY)
  expect(await traces()).not.toEqual([])
  const source = (await labVms(driftless, 'source')).find((vm) => vm.name === VM)
  expect(source).toMatchObject({ power: 'ON', health: 'HEALTHY' })

  // A killed target agent loses the test, says so, and cleans up; replication is unharmed.
  await driftless.supervisor.kill('agent-target')
  await driftless.supervisor.restart('agent-target')
  await page.getByText(t('testBoot.endReason.FAILED')).waitFor({ timeout: REPLICATED_MS })
  await page.getByRole('button', { name: t('testBoot.start.open', { name: VM }) }).waitFor({ timeout: REPLICATED_MS })
  expect(await labVms(driftless, 'target')).toEqual([])
  expect(await traces()).toEqual([])

  // Another is started and discarded; nothing of it is left, and the VM is as ready for its cutover as before.
  await start()
  await discard()
  await page.getByText(t('states.migration.READY_FOR_CUTOVER')).first().waitFor({ timeout: REPLICATED_MS })
  await expectAccessible(page)
  expect(await labVms(driftless, 'target')).toEqual([])
  expect(await traces()).toEqual([])
  expect((await storedTests()).map((one) => [one.status, one.outcome, one.end_reason])).toEqual([['ENDED', 'HEALTHY', 'FAILED'], ['ENDED', 'HEALTHY', 'DISCARDED']])
  expect((await labVms(driftless, 'source')).map((vm) => vm.power)).toEqual(['ON', 'ON'])
})
