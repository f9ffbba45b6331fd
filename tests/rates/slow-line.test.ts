/** A guest that outruns its line, on the lab: it is said, with what would help; slowed by hand or by itself; and let go when the line is fast again. */
import { fileURLToPath } from 'node:url'
import { signIn } from '@driftless/launch/play/portal.ts'
import type { Person } from '@driftless/launch/play/portal.ts'
import { anything, destinations, inventory } from '@driftless/launch/play/shapes.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import type { Browser, Page } from 'playwright-core'
import { createTranslator } from 'use-intl/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import messages from '../../apps/web/messages/en/index.ts'
import { DEMO_PASSWORD } from '../../prisma/seed/demo.ts'
import { expectAccessible } from '../support/accessible.ts'
import { enterPassword, launchBrowser, openPage } from '../support/browser.ts'
import { startDriftless } from '../support/driftless.ts'
import { eventually } from '../support/eventually.ts'

const OPERATOR = 'operator@alpine.example'
const VM = 'orders-db'
/** 1 Mbit/s: far below what the guest writes, however well that compresses. */
const SLOW_BYTES_PER_SECOND = 131_072
const LATENCY_LIMIT_MS = 20

const t = createTranslator({ locale: 'en', messages })
let driftless: RunningDriftless
let browser: Browser
beforeAll(async () => {
  driftless = await startDriftless({ scenario: fileURLToPath(new URL('busy.json', import.meta.url)) })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await driftless?.stop()
})

const wave = z.object({
  migrations: z.tuple([z.object({
    id: z.string(), status: z.string(), waitReason: z.string().nullable(), notConvergingSince: z.date().nullable(), convergingThrottleBytesPerSecond: z.number().nullable(), guestWriteBytesPerSecond: z.number().nullable(),
    slowed: z.object({ bytesPerSecond: z.number(), addedLatencyMs: z.number().nullable(), automatic: z.boolean() }).nullable(),
  })]),
})
type Migration = z.infer<typeof wave>['migrations'][0]

async function startedWave(operator: Person): Promise<string> {
  const vms = await eventually('a healthy guest', async () => {
    const found = await operator.query('migrate.inventory', undefined, inventory)
    return found.length === 1 && found.every(({ health }) => health === 'HEALTHY') ? found : null
  })
  const [destination] = await operator.query('migrate.destinations', undefined, destinations)
  const { waveId } = await operator.mutate('migrate.planWave', {
    name: 'Databases', siteId: vms[0]?.siteId, destinationId: destination?.id, cutoverMode: 'MANUAL', rateBytesPerSecond: null,
    vms: vms.map((vm) => ({ vmId: vm.id, network: 'db-prod', storage: destination?.storages[0], cpus: vm.cpus, memoryBytes: vm.memoryBytes })),
  }, z.object({ waveId: z.string() }))
  await operator.mutate('wave.start', { waveId }, anything)
  return waveId
}

async function pageOf(waveId: string): Promise<Page> {
  const page = await openPage(browser, `${driftless.url}/sign-in`)
  await enterPassword(page, OPERATOR)
  await page.waitForURL(/\/migrate/)
  await page.goto(`${driftless.url}/waves/${waveId}`)
  return page
}

test('a guest that outruns its line is named with the throttle that helps, slowed, and let go', async () => {
  const operator = await signIn(driftless.url, OPERATOR, DEMO_PASSWORD)
  const waveId = await startedWave(operator)
  const until = (what: string, met: (migration: Migration) => boolean) => eventually(what, async () => {
    const [migration] = (await operator.query('wave.read', { waveId }, wave)).migrations
    return met(migration) && migration
  })
  await until('in step on a fast line', ({ waitReason }) => waitReason === 'BOOK_WINDOW')

  await operator.mutate('wave.control', { waveId, rateBytesPerSecond: SLOW_BYTES_PER_SECOND }, anything)
  const lost = await until('not converging', ({ waitReason, notConvergingSince }) => waitReason === 'NOT_CONVERGING' && notConvergingSince !== null)
  expect(lost.convergingThrottleBytesPerSecond).toBeGreaterThan(0)
  expect(lost.slowed).toBeNull()

  // Nobody slowed the guest; a person does, on the page.
  const page = await pageOf(waveId)
  await page.getByText(t('wave.notConverging.title', { name: VM })).waitFor()
  await expectAccessible(page)
  await page.getByRole('button', { name: t('wave.notConverging.action'), exact: true }).click()
  const byHand = await until('slowed by hand', ({ slowed }) => slowed !== null)
  expect([byHand.slowed?.automatic, byHand.slowed?.bytesPerSecond]).toEqual([false, byHand.guestWriteBytesPerSecond])
  await page.getByText(/Writes slowed by hand to/).waitFor()

  // Without the cap and with a limit, the agent slows it by itself; no write waits longer than the limit.
  await operator.mutate('wave.control', { waveId, guestLatencyLimitMs: LATENCY_LIMIT_MS }, anything)
  await operator.mutate('wave.controlMigration', { migrationId: lost.id, guestWriteBytesPerSecond: null }, anything)
  const byItself = await until('slowed by the agent, and measured', ({ slowed }) => slowed?.automatic === true && slowed.addedLatencyMs !== null)
  expect(byItself.slowed?.addedLatencyMs).toBeGreaterThan(0)
  await page.getByText(/Writes slowed to/).waitFor()

  // A fast line again: in step, nobody slowed, nothing more to say.
  await operator.mutate('wave.control', { waveId, rateBytesPerSecond: null }, anything)
  await until('in step and let go', ({ waitReason, notConvergingSince, slowed }) => waitReason === 'BOOK_WINDOW' && notConvergingSince === null && slowed === null)
  await page.getByText(t('wave.notConverging.title', { name: VM })).waitFor({ state: 'detached' })
  await page.context().close()
})
