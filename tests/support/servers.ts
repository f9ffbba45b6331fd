/** Vitest's global set-up of the integration tests: one PostgreSQL and, where it can be had, one Redis for all of them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deploySchema } from '@driftless/launch/deploy-schema.ts'
import { ensureDatabase, urlForDatabase } from '@driftless/launch/deploy/database.ts'
import { inheritedEnv } from '@driftless/launch/env.ts'
import { generateClient } from '@driftless/launch/generate.ts'
import { findPostgres, initialisePostgres, ownerUrl, postgresProgram } from '@driftless/launch/postgres.ts'
import { anyFreePorts } from '@driftless/launch/setup/ports.ts'
import { Supervisor } from '@driftless/launch/supervisor.ts'
import { findRedis, redisProgram } from '@driftless/launch/testing/redis.ts'
import { TEMPLATE, TEST_ROLE_PASSWORD } from './database.ts'
import { testEnv } from './env.ts'

/** Starts what is not given by the environment, makes the template database, and returns how to undo it. */
export default async function setUp(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'driftless-test-'))
  const supervisor = new Supervisor(join(folder, 'logs'), (line) => console.warn(line))
  const tearDown = async () => {
    await supervisor.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await generateClient()
    const ports = await anyFreePorts()
    process.env.TEST_DATABASE_URL ??= await startPostgres(supervisor, join(folder, 'postgres'), ports.postgres)
    await startRedis(supervisor, ports.stream)
    await makeTemplate(process.env.TEST_DATABASE_URL)
    return tearDown
  } catch (error) {
    await tearDown()
    throw error
  }
}

async function startPostgres(supervisor: Supervisor, folder: string, port: number): Promise<string> {
  const binaries = await findPostgres()
  await initialisePostgres(binaries, folder, TEST_ROLE_PASSWORD)
  await supervisor.start(postgresProgram(binaries, { folder, port, durable: false }))
  return ownerUrl(port, TEST_ROLE_PASSWORD, 'postgres')
}

async function startRedis(supervisor: Supervisor, port: number): Promise<void> {
  if (testEnv().TEST_REDIS_URL !== undefined) return
  const redis = await findRedis(testEnv().PATH, (line) => console.log(line))
  if ('missing' in redis) {
    console.warn(`No Redis for the queue tests, which are skipped: ${redis.missing}.`)
    return
  }
  await supervisor.start(redisProgram(redis, port, inheritedEnv(process.env)))
  process.env.TEST_REDIS_URL = `redis://127.0.0.1:${port}`
}

/** Deployed once; each test file then copies it in some ten milliseconds. */
async function makeTemplate(serverUrl: string): Promise<void> {
  await ensureDatabase(serverUrl, TEMPLATE)
  await deploySchema(urlForDatabase(serverUrl, TEMPLATE), TEST_ROLE_PASSWORD)
}
