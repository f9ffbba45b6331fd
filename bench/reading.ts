/**
 * `npm run bench reading`: what the page of an estimate costs before anything is shown: 100 VMs with a day of minutes each, in a real PostgreSQL, read through
 * the portal's own queries as the portal does it: its role, bound by row-level security, in a customer's scope. Counted is the processor's time of the server process
 * and of ours together, whatever else the machine does.
 */
import { readFile } from 'node:fs/promises'
import { createNarrowing, inScope, readEstimate, readObservationFacts, readObservationGaps, readObservedMinutes, readSiteLink, readVmContents, readWindowsAhead, readWorkingSets } from '@driftless/db'
import type { Scope, ScopedTx } from '@driftless/db'
import { z } from 'zod'
import { fillObserved, openReadingDatabase } from './reading/database.ts'
import { bench } from './support/bench.ts'
import { median } from './support/numbers.ts'

const VMS = 100
const MINUTES = 1_440
const LIMIT_SECONDS = 1.5
const DEFAULT_ROUNDS = 5
const OLIVIA: Scope = { kind: 'tenant', tenantId: 'alpine', actor: { kind: 'USER', id: 'user-olivia', name: 'Olivia Berger' } }
const ROWS = { page: 'the page of 100 VMs', narrowing: 'how the estimate narrowed, first', again: 'how the estimate narrowed, again' }

interface Cost {
  readonly seconds: number
  readonly serverSeconds: number
}

await bench('reading', async (context) => {
  const { web, ownerUrl } = await openReadingDatabase(context)
  context.say(`${VMS} VMs × ${MINUTES} minutes are written down, and as many of another customer`)
  const estimateId = await fillObserved(ownerUrl, { vms: VMS, minutes: MINUTES })
  const run = <T>(work: (tx: ScopedTx) => Promise<T>) => inScope(web, OLIVIA, work)
  /** The server process of the pool's one connection; one that was idle for long is another. */
  const serverPid = () => run(async (tx) => z.tuple([z.object({ pid: z.number() })]).parse(await tx.db.$queryRaw`SELECT pg_backend_pid() AS pid`)[0].pid)

  /** What it takes of the processor, here and in the server. */
  async function cost(work: () => Promise<unknown>): Promise<Cost> {
    const pid = await serverPid()
    const [before, own] = [await spentBy(pid), process.cpuUsage()]
    await work()
    const { user, system } = process.cpuUsage(own)
    const serverSeconds = (await spentBy(pid)) - before
    return { seconds: serverSeconds + (user + system) / 1_000_000, serverSeconds }
  }
  const add = (row: string, costs: readonly Cost[], limit: number | null, against: string) => {
    const ours = median(costs.map(({ seconds }) => seconds))
    const server = median(costs.map(({ serverSeconds }) => serverSeconds))
    context.report.add({ row, ours, theirs: null, ratio: limit === null ? 1 : limit / ours, goal: limit === null ? null : 1, unit: 's', against: `${against}; ${server.toFixed(2)} s of it PostgreSQL's; the first of ${costs.length} took ${(costs[0]?.seconds ?? 0).toFixed(2)} s` })
  }
  const repeated = async (work: () => Promise<unknown>) => {
    const costs: Cost[] = []
    for (let round = 0; round < (context.rounds ?? DEFAULT_ROUNDS); round += 1) costs.push(await cost(work))
    return costs
  }

  if (context.wants(ROWS.page)) {
    const page = async () => {
      const reading = await run((tx) => readEstimate(tx, estimateId, new Date()))
      if (reading?.vms.filter(({ seen }) => (seen?.minutes ?? 0) > MINUTES - 100).length !== VMS || reading.gaps.length < VMS) throw new Error('The page lacks VMs, minutes or gaps that were written down.')
      return JSON.stringify(reading)
    }
    add(ROWS.page, await repeated(page), LIMIT_SECONDS, 'the limit')
    const vmIds = Array.from({ length: VMS }, (_, index) => `alpine-${index + 1}`)
    const now = new Date()
    const from = new Date(now.getTime() - MINUTES * 60_000)
    const parts: Readonly<Record<string, (tx: ScopedTx) => Promise<unknown>>> = {
      facts: (tx) => readObservationFacts(tx, vmIds, from, now),
      minutes: (tx) => readObservedMinutes(tx, vmIds, from, now, 200, 60),
      'working sets': (tx) => readWorkingSets(tx, vmIds, from, now, { mostMinutes: 200, minuteSeconds: 60 }),
      gaps: (tx) => readObservationGaps(tx, vmIds, from, now),
      contents: (tx) => readVmContents(tx, vmIds),
      line: (tx) => readSiteLink(tx, 'site-alpine-hq', now),
      windows: (tx) => readWindowsAhead(tx, vmIds, now),
    }
    for (const [name, part] of Object.entries(parts)) add(`  of it: ${name}`, await repeated(() => run(part)), null, 'a part, read by itself')
  }
  if (context.wants(ROWS.narrowing) || context.wants(ROWS.again)) {
    const narrowing = createNarrowing()
    const read = () => narrowing(run, estimateId, new Date())
    // The simulations take longer than the pool keeps a connection that nobody uses, so only ours is counted.
    const own = process.cpuUsage()
    await read()
    const { user, system } = process.cpuUsage(own)
    add(ROWS.narrowing, [{ seconds: (user + system) / 1_000_000, serverSeconds: 0 }], null, '24 moments simulated, once for all who look; without PostgreSQL, as the page')
    add(ROWS.again, await repeated(read), null, 'what is known of them is remembered')
  }
})

/** Seconds of the processor that another process has used, as the kernel counts them. */
async function spentBy(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ')[0]) / 1e9
}
