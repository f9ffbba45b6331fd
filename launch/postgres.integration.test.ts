import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ensureDatabase, withClient } from './deploy/database.ts'
import { deploySchema } from './deploy-schema.ts'
import { clearLeftover, findPostgres, initialisePostgres, ownerUrl, postgresProgram } from './postgres.ts'
import type { PostgresBinaries } from './postgres.ts'
import { anyFreePorts } from './setup/ports.ts'
import { Supervisor } from './supervisor.ts'

const PASSWORD = 'a-password-of-this-test-alone'
let home: string
let folder: string
let port: number
let binaries: PostgresBinaries
let supervisor: Supervisor

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'postgres-'))
  folder = join(home, 'postgres')
  port = (await anyFreePorts()).postgres
  binaries = await findPostgres()
  supervisor = new Supervisor(join(home, 'logs'), () => {})
  await initialisePostgres(binaries, folder, PASSWORD)
  await supervisor.start(postgresProgram(binaries, { folder, port, durable: false }))
})
afterAll(async () => {
  await supervisor.stop()
  await rm(home, { recursive: true, force: true })
})

it('leaves no password lying about', async () => {
  expect((await readdir(home)).toSorted()).toEqual(['logs', 'postgres'])
})

it('lets nobody in without the password', async () => {
  const enter = (password: string) => withClient(ownerUrl(port, password, 'postgres'), (client) => client.query('SELECT 1'))
  await expect(enter('wrong')).rejects.toThrow(/password authentication failed/)
  await expect(enter(PASSWORD)).resolves.toMatchObject({ rowCount: 1 })
})

it('listens on the loopback address alone', async () => {
  const { rows } = await withClient(ownerUrl(port, PASSWORD, 'postgres'), (client) => client.query('SHOW listen_addresses'))
  expect(rows).toEqual([{ listen_addresses: '127.0.0.1' }])
})

it('is deployed to by an owner who is no superuser, as on a server of the customer’s own', async () => {
  const superuser = ownerUrl(port, PASSWORD, 'postgres')
  await withClient(superuser, async (client) => {
    await client.query("CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'plain-password'")
    await client.query('CREATE DATABASE customer OWNER plain')
  })
  const owner = `postgres://plain:plain-password@127.0.0.1:${port}/customer`
  const { urls } = await deploySchema(owner, 'a-role-password')
  const { rows } = await withClient(urls.coordinator, (client) => client.query('SELECT count(*)::int AS sites FROM site'))
  expect(rows).toEqual([{ sites: 0 }])
  await expect(withClient(urls.queue, (client) => client.query('CREATE SCHEMA queue'))).resolves.toBeDefined()
  await expect(withClient(urls.queue, (client) => client.query('SELECT 1 FROM portal_user'))).rejects.toThrow(/permission denied/)
})

it('keeps a cluster and its data when it is initialised again', async () => {
  await ensureDatabase(ownerUrl(port, PASSWORD, 'postgres'), 'kept')
  await initialisePostgres(binaries, folder, 'another password')
  await expect(withClient(ownerUrl(port, PASSWORD, 'kept'), (client) => client.query('SELECT 1'))).resolves.toBeDefined()
})

it('stops a server that an earlier start left behind, and forgets one that is long gone', async () => {
  const leftover = Number((await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0])
  expect(await clearLeftover(folder)).toBe(`stopped a PostgreSQL that an earlier start left behind (process ${leftover})`)
  await supervisor.kill('postgres')
  // After a restart of the machine the number may be any program's: here, our own.
  await writeFile(join(folder, 'postmaster.pid'), `${process.pid}\n${folder}\n`)
  expect(await clearLeftover(folder)).toBeNull()
  expect(existsSync(join(folder, 'postmaster.pid'))).toBe(false)
  await supervisor.restart('postgres')
  await expect(withClient(ownerUrl(port, PASSWORD, 'kept'), (client) => client.query('SELECT 1'))).resolves.toBeDefined()
})
