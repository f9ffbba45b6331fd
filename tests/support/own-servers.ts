/** The servers that a provider has already: a PostgreSQL whose owner role is no superuser, and a Redis. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withClient } from '@driftless/launch/deploy/database.ts'
import { inheritedEnv } from '@driftless/launch/env.ts'
import { findPostgres, initialisePostgres, ownerUrl, postgresProgram } from '@driftless/launch/postgres.ts'
import { anyFreePorts } from '@driftless/launch/setup/ports.ts'
import { Supervisor } from '@driftless/launch/supervisor.ts'
import { findRedis, redisProgram } from '@driftless/launch/testing/redis.ts'
import { testEnv } from './env.ts'

const SUPERUSER_PASSWORD = 'of-the-database-administrator'
const OWNER_PASSWORD = 'of-the-database-owner'

export type OwnServers = {
  /** As a role that owns its database and may create roles, and no more. */
  databaseUrl: string
  /** A reason in words where no Redis can be had. */
  redis: { url: string } | { missing: string }
  stop(): Promise<void>
}

/** Starts both; `stop` ends them and removes their data. */
export async function startOwnServers(): Promise<OwnServers> {
  const folder = await mkdtemp(join(tmpdir(), 'own-'))
  const supervisor = new Supervisor(join(folder, 'logs'), (line) => console.warn(line))
  const stop = async () => {
    await supervisor.stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const ports = await anyFreePorts()
    const binaries = await findPostgres()
    await initialisePostgres(binaries, join(folder, 'postgres'), SUPERUSER_PASSWORD)
    await supervisor.start(postgresProgram(binaries, { folder: join(folder, 'postgres'), port: ports.postgres, durable: false }))
    await withClient(ownerUrl(ports.postgres, SUPERUSER_PASSWORD, 'postgres'), async (client) => {
      await client.query(`CREATE ROLE landlord LOGIN CREATEROLE PASSWORD '${OWNER_PASSWORD}'`)
      await client.query('CREATE DATABASE moves OWNER landlord')
    })
    const redis = await findRedis(testEnv().PATH, (line) => console.log(line))
    if (!('missing' in redis)) await supervisor.start(redisProgram(redis, ports.stream, inheritedEnv(process.env)))
    return {
      databaseUrl: `postgres://landlord:${OWNER_PASSWORD}@127.0.0.1:${ports.postgres}/moves`,
      redis: 'missing' in redis ? redis : { url: `redis://127.0.0.1:${ports.stream}` },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
