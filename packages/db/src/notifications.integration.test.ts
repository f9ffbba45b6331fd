import { createTestDatabase } from '@driftless/tests/support/database.ts'
import type { TestDatabase } from '@driftless/tests/support/database.ts'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listenTo } from './notifications.ts'

describe('listenTo', () => {
  let database: TestDatabase
  let owner: pg.Client
  beforeAll(async () => {
    database = await createTestDatabase()
    owner = new pg.Client({ connectionString: database.ownerUrl })
    await owner.connect()
  })
  afterAll(async () => {
    await owner.end()
    await database.drop()
  })
  const settled = async (done: () => boolean) => {
    const until = performance.now() + 10_000
    while (!done()) {
      if (performance.now() > until) throw new Error('nothing came within 10 s')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const connections = async () => (await owner.query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'driftless-listen'`)).rowCount

  it('hears, loses its connection, says so, and hears again', async () => {
    const heard: string[] = []
    const said: string[] = []
    const listener = await listenTo(database.coordinatorUrl, 'desired_changed', { onPayload: (payload) => heard.push(payload), onReconnect: () => said.push('back'), onError: () => said.push('lost') })
    await owner.query(`SELECT pg_notify('desired_changed', 'first')`)
    await settled(() => heard.length === 1)
    for (let time = 1; time <= 3; time += 1) {
      await owner.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'driftless-listen'`)
      await settled(() => said.filter((word) => word === 'back').length === time)
    }
    await owner.query(`SELECT pg_notify('desired_changed', 'second')`)
    await settled(() => heard.length === 2)
    expect(heard).toEqual(['first', 'second'])
    expect(said).toEqual(['lost', 'back', 'lost', 'back', 'lost', 'back'])
    expect(await connections()).toBe(1)
    await listener.close()
    expect(await connections()).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(said).toHaveLength(6)
  })

  it('rejects where it cannot connect at first, and leaves nothing behind', async () => {
    const url = new URL(database.coordinatorUrl)
    url.pathname = '/no_such_database'
    await expect(listenTo(url.href, 'c', { onPayload: () => {}, onReconnect: () => {}, onError: () => {} })).rejects.toThrow('no_such_database')
    expect(await connections()).toBe(0)
  })
})
