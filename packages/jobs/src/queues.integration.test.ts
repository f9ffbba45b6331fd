import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import { testEnv } from '@driftless/tests/support/env.ts'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WAKE_TIMEOUT_MS, openQueues, openWorkers, prepareQueueSchema, wake } from './index.ts'
import type { Handlers, Queues } from './index.ts'

const STORES = ['PostgreSQL', 'Redis'] as const

describe.each(STORES)('the queue on %s', (store) => {
  const redisUrl = testEnv().TEST_REDIS_URL
  const absent = store === 'Redis' && redisUrl === undefined
  let database: TestDatabase | null = null
  let queueUrl = ''
  let queues: Queues
  const closers: (() => Promise<void>)[] = []

  beforeAll(async () => {
    if (absent) return
    if (store === 'PostgreSQL') {
      database = await createTestDatabase()
      queueUrl = database.queueUrl
    } else queueUrl = redisUrl ?? ''
    await Promise.all([prepareQueueSchema(queueUrl), prepareQueueSchema(queueUrl)])
    queues = openQueues(queueUrl)
    await queues.empty()
  })
  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
    if (!absent) await queues.empty()
  })
  afterAll(async () => {
    if (!absent) await queues.close()
    await database?.drop()
  })

  /** Workers that note what they are given; `during` runs inside each job. */
  async function work(during: (name: string, signal: AbortSignal) => Promise<void> = () => Promise.resolve()) {
    const seen: string[] = []
    const failures: string[] = []
    const handle = (name: string) => async (payload: Readonly<Record<string, string>>, signal: AbortSignal) => {
      seen.push([name, ...Object.values(payload)].join(' '))
      await during(name, signal)
    }
    const handlers: Handlers = {
      'drive-migration': handle('drive-migration'), 'advance-booking': handle('advance-booking'), 'finish-estimate': handle('finish-estimate'), 'drive-shipment': handle('drive-shipment'), sweep: handle('sweep'), 'roll-up-telemetry': handle('roll-up-telemetry'), 'anchor-audit-log': handle('anchor-audit-log'),
    }
    const workers = await openWorkers(queueUrl, handlers, { onError: (error) => failures.push(error.message) })
    closers.push(() => workers.close())
    return { seen, failures }
  }
  const settled = async (done: () => boolean) => {
    const until = performance.now() + 10_000
    while (!done()) {
      if (performance.now() > until) throw new Error('nothing came within 10 s')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  it.skipIf(absent)('carries every kind of job', async () => {
    const { seen, failures } = await work()
    expect(await wake(queues, 'drive-migration', { migrationId: 'm' })).toBe(true)
    expect(await wake(queues, 'advance-booking', { bookingId: 'b' })).toBe(true)
    expect(await wake(queues, 'finish-estimate', { estimateId: 'e' })).toBe(true)
    expect(await wake(queues, 'drive-shipment', { shipmentId: 's' })).toBe(true)
    expect(await wake(queues, 'sweep', {})).toBe(true)
    expect(await wake(queues, 'roll-up-telemetry', {})).toBe(true)
    expect(await wake(queues, 'anchor-audit-log', {})).toBe(true)
    await settled(() => seen.length === 7)
    expect(seen.toSorted()).toEqual(['advance-booking b', 'anchor-audit-log', 'drive-migration m', 'drive-shipment s', 'finish-estimate e', 'roll-up-telemetry', 'sweep'])
    expect(failures).toEqual([])
  })

  it.skipIf(absent)('makes many wake-ups one, and one more while it runs', async () => {
    let letGo: () => void = () => {}
    const held = new Promise<void>((resolve) => { letGo = resolve })
    for (let time = 0; time < 10; time += 1) await wake(queues, 'drive-migration', { migrationId: 'same' })
    const { seen } = await work(() => held)
    await settled(() => seen.length === 1)
    for (let time = 0; time < 10; time += 1) await wake(queues, 'drive-migration', { migrationId: 'same' })
    // Another lane gets past the one that runs: a killed coordinator's job must not hold everybody up.
    await wake(queues, 'drive-migration', { migrationId: 'same' }, { lane: 'sweep' })
    await settled(() => seen.length === 2)
    letGo()
    await settled(() => seen.length === 3)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(seen).toHaveLength(3)
    await settled(() => seen.length === 3)
    expect(await queues.pending()).toBe(0)
  })

  it.skipIf(absent)('goes on after a job that fails, and takes the next wake-up of the same', async () => {
    let times = 0
    const { seen, failures } = await work(async () => {
      times += 1
      if (times === 1) throw new Error('the first one fails')
    })
    await wake(queues, 'drive-migration', { migrationId: 'm' })
    await settled(() => failures.length === 1)
    await wake(queues, 'drive-migration', { migrationId: 'm' })
    await settled(() => seen.length === 2)
    expect(failures).toEqual(['the first one fails'])
  })

  it.skipIf(absent)('schedules once, however many ask', async () => {
    const { seen } = await work()
    for (let time = 0; time < 3; time += 1) await queues.schedule('sweep', 1_000)
    await settled(() => seen.length >= 2)
    expect(seen.length).toBeLessThanOrEqual(3)
  })

  it.skipIf(absent)('starts again on a queue that was emptied', async () => {
    const { seen } = await work()
    await wake(queues, 'drive-migration', { migrationId: 'm' })
    await settled(() => seen.length === 1)
    await queues.empty()
    await wake(queues, 'drive-migration', { migrationId: 'm' })
    await settled(() => seen.length === 2)
  })
})

describe('a PostgreSQL that ends every connection', () => {
  it('is used again by the same workers and producers within seconds', async () => {
    const database = await createTestDatabase()
    const owner = new pg.Client({ connectionString: database.ownerUrl })
    await owner.connect()
    await prepareQueueSchema(database.queueUrl)
    const queues = openQueues(database.queueUrl)
    let times = 0
    const handle = () => {
      times += 1
      return Promise.resolve()
    }
    const workers = await openWorkers(database.queueUrl, { 'drive-migration': handle, 'advance-booking': handle, 'finish-estimate': handle, 'drive-shipment': handle, sweep: handle, 'roll-up-telemetry': handle, 'anchor-audit-log': handle }, { onError: () => {} })
    for (let round = 1; round <= 3; round += 1) {
      await wake(queues, 'drive-migration', { migrationId: `of round ${round}` })
      const until = performance.now() + 10_000
      while (times < round && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 200))
        await wake(queues, 'drive-migration', { migrationId: `of round ${round}` })
      }
      expect(times).toBeGreaterThanOrEqual(round)
      times = round
      await owner.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
    }
    await workers.close()
    await queues.close()
    await owner.end()
    await database.drop()
  })

  it('may do so while they are being closed', async () => {
    const database = await createTestDatabase()
    const owner = new pg.Client({ connectionString: database.ownerUrl })
    await owner.connect()
    await prepareQueueSchema(database.queueUrl)
    const nothing = () => Promise.resolve()
    // An error of a connection that nobody listens to any more would end the process: vitest fails by it.
    for (let round = 0; round < 10; round += 1) {
      const queues = openQueues(database.queueUrl)
      const workers = await openWorkers(database.queueUrl, { 'drive-migration': nothing, 'advance-booking': nothing, 'finish-estimate': nothing, 'drive-shipment': nothing, sweep: nothing, 'roll-up-telemetry': nothing, 'anchor-audit-log': nothing }, { onError: () => {} })
      await wake(queues, 'sweep', {})
      await Promise.all([owner.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`), workers.close(), queues.close()])
    }
    await owner.end()
    await database.drop()
  })
})

describe('a queue that is away', () => {
  it.each(['postgres://nobody@127.0.0.1:1/none', 'redis://127.0.0.1:1'])('answers no in time and throws nothing: %s', async (queueUrl) => {
    const said: string[] = []
    const queues = openQueues(queueUrl, (error) => said.push(error.message))
    const startedAt = performance.now()
    expect(await wake(queues, 'drive-migration', { migrationId: 'm' })).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(WAKE_TIMEOUT_MS + 3_000)
    expect(said.length).toBeGreaterThan(0)
    await queues.close().catch(() => {})
  })

  it('is named when its address is of neither kind', () => {
    expect(() => openQueues('mysql://localhost/queue')).toThrow('use postgres:// or redis://')
  })
})
