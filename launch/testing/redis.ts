/** A Redis for the queue tests: the machine's, else Debian's, unpacked from its packages without root. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findOnPath, runCommand } from '../setup/command.ts'
import { whileLocked } from '../setup/lock.ts'
import { watched } from '../supervisor/watched.ts'
import type { ProgramSpec } from '../supervisor.ts'
import { CACHE } from './cache.ts'

/** redis-server and what it links that a minimal Debian lacks. */
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1']

export type Redis = { executable: string; libraries: string | null }

/** Finds or unpacks a Redis; a reason in words where there is none. Safe to be called by many at once. */
export async function findRedis(path: string | undefined, said: (line: string) => void): Promise<Redis | { missing: string }> {
  const installed = findOnPath(['redis-server', 'valkey-server'], path)
  if (installed !== null) return { executable: installed, libraries: null }
  const folder = join(CACHE, 'redis')
  await mkdir(CACHE, { recursive: true })
  const failed = await whileLocked(join(CACHE, 'redis.lock'), async () => (existsSync(folder) ? null : unpack(folder, path, said)))
  if (failed !== null) return { missing: failed }
  // Debian names the libraries' folder by the machine's architecture; there is only that one.
  const [triplet = ''] = await readdir(join(folder, 'usr/lib'))
  return { executable: join(folder, 'usr/bin/redis-server'), libraries: join(folder, 'usr/lib', triplet) }
}

async function unpack(folder: string, path: string | undefined, said: (line: string) => void): Promise<string | null> {
  if (findOnPath(['apt-get'], path) === null || findOnPath(['dpkg'], path) === null) return 'no redis-server on the PATH, and this is no Debian to fetch one from'
  said('Fetching a Redis for the queue tests: redis-server of Debian, unpacked without root.')
  const half = `${folder}.new`
  await rm(half, { recursive: true, force: true })
  await mkdir(half, { recursive: true })
  const fetched = await runCommand('apt-get', ['download', '-qq', ...PACKAGES], { cwd: half })
  if (fetched.code !== 0) return `Debian's redis-server could not be fetched: ${fetched.output.trim().split('\n').at(-1) ?? ''}`
  for (const file of await readdir(half)) {
    const unpacked = await runCommand('dpkg', ['-x', file, '.'], { cwd: half })
    if (unpacked.code !== 0) return `${file} could not be unpacked: ${unpacked.output.trim()}`
    await rm(join(half, file))
  }
  await rename(half, folder)
  return null
}

/** Redis as a program for the supervisor: in memory only, as the queues want it. */
export function redisProgram(redis: Redis, port: number, inherited: Readonly<Record<string, string>>): ProgramSpec {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction']
  return {
    name: 'redis',
    ...watched('TERM', [redis.executable, ...args]),
    env: { ...inherited, ...(redis.libraries === null ? {} : { LD_LIBRARY_PATH: redis.libraries }) },
    isReady: (line) => line.includes('Ready to accept connections'),
    stopBy: 'stdin',
  }
}
