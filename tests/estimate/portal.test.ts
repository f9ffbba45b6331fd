/** An estimate in a real browser: 16 hours of an observation narrow its range, gaps and the line's hours are shown, and a what-if answers at once, by keyboard. */
import { createNarrowing, inScope, openDb } from '@driftless/db'
import type { Db, Scope } from '@driftless/db'
import type { Page } from 'playwright-core'
import { createTranslator } from 'use-intl/core'
import { expect, test } from 'vitest'
import english from '../../apps/web/messages/en/index.ts'
import { expectAccessible } from '../support/accessible.ts'
import { picture } from '../support/browser.ts'
import { portalPeople } from '../support/portal-people.ts'

const MINUTE_MS = 60_000
const HOURS = 16
const MIB = 1024 ** 2
const NAME = 'Before the move'
const OWNED = { providerId: 'northwind', tenantId: 'alpine' }
/** A site without an agent: nobody brings its VMs to what the lab has. */
const SITE = 'site-alpine-branch'
const VMS = ['erp', 'files', 'mail']
const OPERATOR: Scope = { kind: 'system', actor: { kind: 'SYSTEM', id: null, name: 'test' } }
const t = createTranslator({ locale: 'en', messages: english })
const { driftless, person } = portalPeople()

/** What a busy morning, a quiet night and a burst every hour look like: unique bytes of a minute. */
function written(minute: number, vm: number): number {
  const hour = Math.floor(minute / 60) % 24
  const busy = hour % 12 < 5 ? 40 : 6
  return Math.round(8 * (busy + (minute % 60 < 6 ? 90 : 0) + ((minute * 7 + vm * 13) % 11)) * MIB)
}

/** An observation of a day that began 16 hours ago, with a gap of an hour, sampled content, and probes at some hours. */
async function seed(db: Db): Promise<string> {
  await db.site.create({ data: { id: SITE, ...OWNED, kind: 'SOURCE', name: 'Alpine branch' } })
  const vms = []
  for (const name of VMS) {
    vms.push(await db.vm.create({
      data: {
        ...OWNED, siteId: SITE, ref: name, name, guestOs: 'Debian 12', cpus: 4, memoryBytes: BigInt(8 * 1024 * MIB), network: 'vlan-20-web', power: 'ON', health: 'HEALTHY', hypervisor: {}, seenAt: new Date(),
        disks: { create: [{ ...OWNED, key: 'disk-0', sizeBytes: BigInt(200 * 1024 * MIB), usedBytes: BigInt(80 * 1024 * MIB) }] },
      },
    }))
  }
  const from = Math.floor(Date.now() / (15 * MINUTE_MS)) * 15 * MINUTE_MS - HOURS * 60 * MINUTE_MS
  const estimate = await db.estimate.create({ data: { ...OWNED, siteId: SITE, name: NAME, status: 'OBSERVING', startedAt: new Date(from), endsAt: new Date(from + 24 * 60 * MINUTE_MS), createdById: 'user-olivia', vms: { create: vms.map(({ id }) => ({ ...OWNED, vmId: id })) } } })
  for (const [place, vm] of vms.entries()) {
    await db.vmObservation.createMany({
      data: Array.from({ length: HOURS * 60 }, (_, minute) => minute).filter((minute) => place > 0 || minute < 300 || minute >= 360).map((minute) => {
        const bytes = written(minute, place)
        const span = (minutes: number, reuse: number) => (minute < minutes - 1 ? null : BigInt(Math.round(bytes * minutes * reuse)))
        return { ...OWNED, vmId: vm.id, minute: new Date(from + minute * MINUTE_MS), lengthSeconds: 60, coveredSeconds: 60, source: 'FILTER' as const, writtenBytes: BigInt(2 * bytes), unique1m: BigInt(bytes), unique5m: span(5, 0.8), unique15m: span(15, 0.6), unique60m: span(60, 0.4), unique6h: span(360, 0.2), blocksPerStamp: 1, latencyMs: 0.8 }
      }),
    })
    await db.vmContent.create({ data: { ...OWNED, vmId: vm.id, measuredAt: new Date(), sizeBytes: BigInt(200 * 1024 * MIB), allocatedBytes: BigInt(80 * 1024 * MIB), sampledBlocks: 2_000, sampledBlockBytes: 65_536, zeroShare: 0.1, compressedShare: 0.6 } })
  }
  await db.linkProbe.createMany({
    data: Array.from({ length: HOURS * 4 }, (_, quarter) => ({ ...OWNED, sourceAgentId: 'probed', at: new Date(from + quarter * 15 * MINUTE_MS), siteId: SITE, targetSiteId: 'site-northwind-zurich', probedBytes: 1_000_000n, seconds: 0.1, bytesPerSecond: (quarter % 48 < 20 ? 30e6 : 55e6) + (quarter % 4) * 2e6, roundTripMs: 12 })),
  })
  return estimate.id
}

async function look(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0)
  await expectAccessible(page)
  await picture(page, name)
}

test('an observation narrows its range, and a what-if answers in the page', async () => {
  const operator = await person('operator@alpine.example')
  const db = openDb(driftless().ownerUrl, 2)
  try {
    const estimateId = await seed(db)

    // What had been seen by each moment, as the page asks it.
    const moments = await createNarrowing()((read) => inScope(db, OPERATOR, read), estimateId, new Date())
    const told = (moments ?? []).flatMap(({ seconds }) => (seconds?.p50 == null || seconds.p90 === null ? [] : [{ ...seconds, width: (seconds.p90 - seconds.p50) / seconds.p50 }]))
    expect(told.length).toBeGreaterThanOrEqual(HOURS / 2)
    expect(told.at(-1)?.width).toBeLessThan(told[0]?.width ?? 0)

    await operator.goto(`${driftless().url}/estimate/${estimateId}`)
    await operator.getByRole('heading', { name: NAME }).waitFor()
    const narrowing = operator.getByRole('figure', { name: t('estimate.narrowing.title') })
    await narrowing.waitFor()
    await operator.getByText(/^At first .*, now .*/).waitFor()
    await narrowing.getByText(t('ui.chart.asTable')).click()
    await expect.poll(() => narrowing.getByRole('row').count()).toBeGreaterThan(HOURS / 2)
    await narrowing.getByText(t('ui.chart.asTable')).click()
    await operator.getByText(t('estimate.observed.sources.FILTER')).first().waitFor()
    await operator.getByText(/^Shaded: /).waitFor()
    await operator.getByText(t('estimate.link.origins.PROBED')).first().waitFor()
    await operator.getByText(t('estimate.error.none')).first().waitFor()
    await look(operator, 'estimate')

    // Half the line, by keyboard: it takes longer, and the page says by how much.
    const result = operator.getByRole('region', { name: t('estimate.whatIf.result') })
    const identical = result.getByRole('row', { name: t('estimate.whatIf.figures.identical') })
    const asItIs = await identical.getByRole('cell').nth(0).textContent()
    const link = operator.getByRole('slider', { name: t('estimate.whatIf.link') })
    await link.focus()
    for (let step = 0; step < 4; step += 1) await operator.keyboard.press('ArrowLeft')
    await identical.getByText(/ more$/).waitFor()
    expect(await identical.getByRole('cell').nth(0).textContent()).toBe(asItIs)
    // Without one of the VMs, from three in the morning on, it is another wave.
    await operator.getByRole('checkbox', { name: t('estimate.whatIf.takesPart', { vm: 'mail' }) }).press('Space')
    await operator.getByRole('slider', { name: t('estimate.whatIf.start') }).press('ArrowRight')
    const wire = result.getByRole('row', { name: t('estimate.whatIf.figures.wire') })
    await wire.getByText(/ less$/).waitFor()
    await look(operator, 'what-if')
    await operator.getByRole('button', { name: t('estimate.whatIf.reset'), exact: true }).click()
    await expect.poll(() => identical.getByRole('cell').nth(1).textContent()).toBe('–')

    // The published error stands where sites and their history are, for both sides.
    await operator.goto(`${driftless().url}/statistics`)
    await operator.getByText(t('estimate.error.all')).waitFor()
    const scheduler = await person('scheduler@northwind.example')
    await scheduler.goto(`${driftless().url}/statistics`)
    await scheduler.getByRole('cell', { name: 'Harbour Health' }).waitFor()
    await look(scheduler, 'published-errors')
    await scheduler.goto(`${driftless().url}/estimate/${estimateId}`)
    await expect.poll(() => scheduler.getByRole('heading', { name: NAME }).count()).toBe(0)
  } finally {
    await db.$disconnect()
  }
})
