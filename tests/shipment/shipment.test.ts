/** Disks by lorry as people see it: seeds are written while the VM runs, change hands, lose a piece on the way, are read, and only the rest goes over the wire. */
import { mkdir } from 'node:fs/promises'
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
import { PAGE_MS, enterPassword, launchBrowser, openPage, picture } from '../support/browser.ts'
import { startDriftless } from '../support/driftless.ts'
import { damageChunk } from './device-files.ts'
import { wizardToCutover } from '../support/portal-steps.ts'
import { plainText, startSmtpServer } from '../support/smtp.ts'

/** A small VM's seed, or its catch-up, on a machine that does much else. */
const AGENTS_MS = 180_000
const VM = 'app-01'
const DEVICE = 'device-1'
const EMPTY_BAY = 'bay-2'

const t = createTranslator({ locale: 'en', messages })
let driftless: RunningDriftless
let smtp: Awaited<ReturnType<typeof startSmtpServer>>
let browser: Browser
beforeAll(async () => {
  smtp = await startSmtpServer()
  driftless = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json'), mail: { url: smtp.url, from: 'Northwind Cloud <no-reply@northwind.example>' } })
  await mkdir(join(driftless.places.seeds, EMPTY_BAY), { recursive: true })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await driftless?.stop()
  await smtp?.close()
})

async function query<T>(row: z.ZodType<T>, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: driftless.ownerUrl })
  await client.connect()
  try {
    return z.array(row).parse((await client.query(sql)).rows)
  } finally {
    await client.end()
  }
}

async function signedIn(email: string, first: RegExp): Promise<Page> {
  const page = await openPage(browser, `${driftless.url}/sign-in`)
  await enterPassword(page, email)
  await page.waitForURL(first)
  return page
}

/** Plans and starts a wave in the wizard with the VM by device, and opens its shipment. */
async function beginShipment(page: Page): Promise<string> {
  await page.getByRole('checkbox', { name: t('ui.table.select', { name: VM }) }).click()
  await page.getByRole('button', { name: t('migrate.migrateSelected', { count: 1 }) }).click()
  await page.getByLabel(t('migrate.wizard.vms.name')).fill('Warehouse')
  const next = () => page.getByRole('button', { name: t('migrate.wizard.next'), exact: true }).click()
  await wizardToCutover(page)
  await page.getByLabel(t('plan.agreement.validation')).click()
  await page.getByRole('option', { name: t('plan.atOnce') }).click()
  await next()
  await page.getByRole('combobox', { name: t('shipments.ways.wayOf', { name: VM }) }).selectOption('DISK')
  await picture(page, 'shipment-wizard')
  await page.getByRole('button', { name: t('migrate.wizard.summary.start') }).click()
  // Without a device nothing is planned.
  await page.getByText(t('migrate.wizard.summary.choosePlaces')).waitFor()
  await page.getByRole('checkbox', { name: DEVICE }).click()
  await expectAccessible(page)
  await page.getByRole('button', { name: t('migrate.wizard.summary.start') }).click()
  await page.waitForURL(/\/waves\//)
  await page.locator('a[href^="/shipments/"]').first().click()
  await page.waitForURL(/\/shipments\/[^/]+$/)
  return page.url()
}

/** In the open dialog, one place and not the other. What the target finds is chosen by itself until a person chooses, at whatever moment it is found. */
async function choose(page: Page, place: string, other: string): Promise<void> {
  const box = (name: string, checked: boolean) => page.getByRole('dialog').getByRole('checkbox', { name, checked })
  for (const [name, wanted] of [[place, true], [other, false]] as const) {
    await box(name, true).or(box(name, false)).waitFor({ timeout: AGENTS_MS })
    if ((await box(name, !wanted).count()) > 0) await box(name, !wanted).click()
    await box(name, wanted).waitFor()
  }
}

const mailed = (email: string, text: string) => expect.poll(() => smtp.delivered.some((mail) => mail.to.includes(email) && plainText(mail).includes(text)), { timeout: 30_000 }).toBe(true)

const stop = (page: Page, status: keyof typeof messages.shipments.next) => {
  const words = messages.shipments.next[status]
  return page.getByText(words.title).waitFor({ timeout: AGENTS_MS })
}

test('a VM travels by device, from hand to hand, with a damaged piece, and is caught up over the wire', async () => {
  const operator = await signedIn('operator@alpine.example', /\/migrate/)
  const address = await beginShipment(operator)
  await stop(operator, 'PREPARED')
  await picture(operator, 'shipment-prepared')
  await expectAccessible(operator)
  await operator.getByRole('button', { name: t('shipments.handOver.open') }).click()
  const dialog = operator.getByRole('dialog')
  await dialog.getByLabel(t('shipments.handOver.carrier')).fill('Swiss Post')
  await dialog.getByLabel(t('shipments.handOver.number')).fill('99.60.12345')
  await dialog.getByLabel(t('shipments.handOver.seal', { place: DEVICE })).fill('A-1742')
  await picture(operator, 'shipment-hand-over')
  await dialog.getByRole('button', { name: t('shipments.handOver.action') }).click()
  await stop(operator, 'HANDED_OVER')
  // A digit was left out: what was said is put right, and both stand in the record.
  await operator.getByRole('button', { name: t('shipments.correct.open'), exact: true }).click()
  await dialog.getByLabel(t('shipments.handOver.number')).fill('99.60.123456')
  await dialog.getByRole('button', { name: t('shipments.correct.action'), exact: true }).click()
  await dialog.getByLabel(t('shipments.correct.note')).fill('a digit was left out')
  await picture(operator, 'shipment-correct')
  await dialog.getByRole('button', { name: t('shipments.correct.action'), exact: true }).click()
  await operator.getByText(t('shipments.custody.what.CORRECTED')).waitFor({ timeout: PAGE_MS })
  await operator.getByText(t('shipments.travel.title', { count: 1 })).waitFor({ timeout: PAGE_MS })
  await expectAccessible(operator)
  await picture(operator, 'shipment-on-its-way')
  await mailed('scheduler@northwind.example', 'Swiss Post, 99.60.123456')
  await damageChunk(join(driftless.places.seeds, DEVICE))

  const staff = await signedIn('scheduler@northwind.example', /\/overview/)
  await staff.goto(`${driftless.url}/shipments`)
  await staff.getByRole('link', { name: 'Warehouse' }).click()
  await staff.getByRole('button', { name: t('shipments.receive.open'), exact: true }).click()
  await staff.getByRole('checkbox', { name: t('shipments.receive.intact') }).click()
  await staff.getByRole('dialog').getByRole('button', { name: t('shipments.receive.action'), exact: true }).click()
  await stop(staff, 'RECEIVED')
  // It was another parcel: said, taken back, and said again of the right one.
  await staff.getByRole('button', { name: t('shipments.denyReceipt.open'), exact: true }).click()
  await staff.getByLabel(t('shipments.denyReceipt.reason')).fill('another parcel')
  await staff.getByRole('dialog').getByRole('button', { name: t('shipments.denyReceipt.action'), exact: true }).click()
  await stop(staff, 'HANDED_OVER')
  await staff.getByRole('button', { name: t('shipments.receive.open'), exact: true }).click()
  await staff.getByRole('dialog').getByRole('button', { name: t('shipments.receive.action'), exact: true }).click()
  // The box is not ticked: who reads of it wants to know what was seen.
  await staff.getByText(t('shipments.receive.noteNeeded')).waitFor()
  await staff.getByRole('checkbox', { name: t('shipments.receive.intact') }).click()
  await staff.getByRole('dialog').getByRole('button', { name: t('shipments.receive.action'), exact: true }).click()
  await stop(staff, 'RECEIVED')
  await operator.goto(address.replace(/\/shipments\/.*/, '/migrate'))
  await operator.getByRole('region', { name: t('migrate.waves.title') }).getByRole('link', { name: 'Warehouse' }).click()
  await operator.getByText(t('shipments.travel.reasons.TO_BE_READ')).waitFor({ timeout: PAGE_MS })
  await operator.getByText(t('wave.stats.etaByDevice', { count: 1 })).waitFor()
  await expectAccessible(operator)
  await picture(operator, 'wave-travels')
  await operator.goto(address)

  // The wrong bay is refused in words that both sides see, and another can be tried.
  await staff.getByRole('button', { name: t('shipments.import.open') }).click()
  await choose(staff, EMPTY_BAY, DEVICE)
  await staff.getByRole('dialog').getByRole('button', { name: t('shipments.import.action'), exact: true }).click()
  for (const page of [staff, operator]) await page.getByText(t('shipments.problems.SEED_NOT_THERE.imported')).waitFor({ timeout: AGENTS_MS })
  await picture(operator, 'shipment-refused')
  await operator.getByText(t('shipments.custody.what.REFUSED')).waitFor({ timeout: AGENTS_MS })
  await staff.goto(`${driftless.url}/inbox`)
  await staff.getByText(t('inbox.kinds.DISKS_REFUSED.title', { name: 'Warehouse' })).waitFor({ timeout: PAGE_MS })
  await staff.goto(address)
  await staff.getByRole('button', { name: t('shipments.import.again') }).click()
  await choose(staff, DEVICE, EMPTY_BAY)
  await picture(staff, 'shipment-import')
  await staff.getByRole('dialog').getByRole('button', { name: t('shipments.import.action'), exact: true }).click()
  await stop(operator, 'CAUGHT_UP')
  await picture(operator, 'shipment-caught-up')
  await expectAccessible(operator)

  const row = z.object({ status: z.string(), damaged_chunks: z.number(), damaged_bytes: z.coerce.number(), written_meanwhile_bytes: z.coerce.number(), manifest_hash: z.string(), imported_manifest_hash: z.string(), sent: z.coerce.number(), written: z.coerce.number(), used: z.coerce.number(), migration: z.string() })
  const [stored] = await query(row, `SELECT s.status, v.damaged_chunks, v.damaged_bytes, v.written_meanwhile_bytes, v.manifest_hash, v.imported_manifest_hash, m.status AS migration,
    (SELECT sum(r.sent_bytes) FROM replication r WHERE r.migration_id = m.id) AS sent, (SELECT sum(r.foreground_done_bytes) FROM replication r WHERE r.migration_id = m.id) AS written, (SELECT sum(d.used_bytes) FROM vm_disk d WHERE d.vm_id = m.vm_id) AS used
    FROM shipment s JOIN shipment_vm v ON v.shipment_id = s.id JOIN migration m ON m.id = v.migration_id`)
  expect(stored).toMatchObject({ status: 'CAUGHT_UP', damaged_chunks: 1, manifest_hash: stored?.imported_manifest_hash })
  expect(stored?.damaged_bytes).toBeGreaterThan(0)
  // What was written since the export began, until now, with what was damaged: nothing else came over the wire.
  expect(stored?.sent).toBeLessThanOrEqual(1.1 * (stored?.written ?? 0))
  console.log(`used ${stored?.used}, damaged ${stored?.damaged_bytes}, written meanwhile ${stored?.written_meanwhile_bytes}, until now ${stored?.written}, sent ${stored?.sent}`)
  // What the agent said of the bay before is not said of the device after.
  expect(await operator.getByText(t('shipments.custody.what.REFUSED')).count()).toBe(1)
  await operator.goto(`${driftless.url}/migrate`)
  await operator.getByRole('region', { name: t('migrate.waves.title') }).getByRole('link', { name: 'Warehouse' }).click()
  await operator.getByText(t('states.migration.READY_FOR_CUTOVER')).first().waitFor({ timeout: AGENTS_MS })
})
