/**
 * One whole Driftless, from nothing to ready: set up what is missing, then start the programs in order.
 * `npm start` and the whole-system tests run the same code.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildWeb } from './build-web.ts'
import { ensureDatabase } from './deploy/database.ts'
import { deploySchema } from './deploy-schema.ts'
import { prepareDemo } from './demo.ts'
import { inheritedEnv } from './env.ts'
import { generateClient } from './generate.ts'
import { clearLeftover, findPostgres, initialisePostgres, ownerUrl, postgresProgram } from './postgres.ts'
import { agentFolder, agentProgram, coordinatorProgram, foldersOf, labProgram, webProgram, webUrl } from './programs.ts'
import type { Setting, SiteSide } from './programs.ts'
import { Refusal } from './setup/failure.ts'
import { lockHome, whileLocked } from './setup/lock.ts'
import { placesOf, ROOT } from './setup/paths.ts'
import type { Places } from './setup/paths.ts'
import { requireFreePorts } from './setup/ports.ts'
import type { Ports } from './setup/ports.ts'
import { loadSecrets } from './setup/secrets.ts'
import type { Secrets } from './setup/secrets.ts'
import type { Terminal } from './setup/terminal.ts'
import { Supervisor } from './supervisor.ts'
import type { ProgramSpec } from './supervisor.ts'

export type RunOptions = {
  home: string
  ports: Ports
  terminal: Terminal
  logLevel: string
  /** A PostgreSQL of the user's own; embedded when null. */
  databaseUrl: string | null
  redisUrl: string | null
  rolePassword: string | null
  /** A mail server, and whom the portal's mails come from; null: it sends none. */
  mail?: Setting['mail']
  /** How long a minute of an observation lasts; a minute when left out. */
  observationMinuteSeconds?: Setting['observationMinuteSeconds']
  /** JSON file with the source site's VMs; null for the demo's own. */
  scenario: string | null
  /** What agents of another hypervisor than the lab are told, once their data directory is there; null: the lab, of which one is started a side. */
  agentEnv: ((side: SiteSide, dataDirectory: string) => Promise<Record<string, string>>) | null
  /** False only for tests: no flush to disk in PostgreSQL. */
  durable: boolean
  /** Empties the home first. */
  fresh: boolean
}

/** A Driftless that runs. */
export type RunningDriftless = {
  /** The portal's address. */
  url: string
  places: Places
  ports: Ports
  /** The database as its owner: sees every tenant. */
  ownerUrl: string
  /** The database as the coordinator's role. */
  coordinatorUrl: string
  supervisor: Supervisor
  /** Further programs beside the first of their kind, on ports of their own; for `supervisor.start`. */
  beside: { coordinator(name: string, port: number): ProgramSpec; web(name: string, port: number): ProgramSpec & { url: string } }
  terminal: Terminal
  /** True when this start filled an empty database. */
  seeded: boolean
  stop(): Promise<void>
}

/** Something of ours that is given back at the end. */
type Held = { release(): Promise<void> }

/** In each home, so that `--fresh` never empties a folder that is not one. */
const MARK = 'driftless-home'
const SETUP_LOCK = join(ROOT, 'node_modules', '.driftless-setup.lock')

/** Starts a Driftless and waits until all its programs are ready. Stops what it started when that fails, or when `signal` aborts. */
export async function runDriftless(options: RunOptions, signal?: AbortSignal): Promise<RunningDriftless> {
  const places = placesOf(options.home)
  await mkdir(places.home, { recursive: true })
  const lock = await lockHome(join(places.home, 'lock'), places.home)
  const supervisor = new Supervisor(places.logs, (line) => options.terminal.warn(line))
  const held: Held[] = [lock]
  const stop = async () => {
    await supervisor.stop()
    await rm(places.run, { recursive: true, force: true })
    for (const one of held) await one.release()
  }
  // Ends what is not one of the supervisor's programs: the portal's build.
  const failed = new AbortController()
  const onAbort = () => {
    failed.abort(signal?.reason)
    void supervisor.stop()
  }
  signal?.addEventListener('abort', onAbort)
  try {
    signal?.throwIfAborted()
    const running = await bringUp(options, places, supervisor, held, failed.signal)
    return { ...running, stop }
  } catch (error) {
    failed.abort(error)
    await stop()
    throw signal?.aborted === true ? signal.reason : error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

async function prepareHome(places: Places, fresh: boolean): Promise<void> {
  const mark = join(places.home, MARK)
  const found = (await readdir(places.home)).filter((name) => name !== 'lock')
  if (found.length > 0 && !existsSync(mark)) throw new Refusal(`${places.home} holds files and is no home of a Driftless. Choose an empty or a new folder: DRIFTLESS_HOME=/some/folder npm start`)
  if (fresh) for (const name of found) await rm(join(places.home, name), { recursive: true, force: true })
  await rm(places.run, { recursive: true, force: true })
  await mkdir(places.run, { recursive: true, mode: 0o700 })
  await writeFile(mark, 'Everything that a Driftless keeps. Made by npm start; emptied by npm start -- --fresh.\n')
}

async function bringUp(options: RunOptions, places: Places, supervisor: Supervisor, held: Held[], signal: AbortSignal): Promise<Omit<RunningDriftless, 'stop'>> {
  const { terminal, ports } = options
  if (options.fresh && options.databaseUrl !== null) throw new Refusal('--fresh empties only what Driftless keeps itself, and DATABASE_URL names a database of yours. Empty that one yourself (drop and create it), remove the home, and start without --fresh.')
  await requireFreePorts(ports, ['web', 'gateway', 'stream', ...(options.databaseUrl === null ? ['postgres' as const] : [])])
  await prepareHome(places, options.fresh)
  const secrets = await loadSecrets(places.secrets)
  await whileLocked(SETUP_LOCK, () => sayIfLong(terminal, 'Prisma client', generateClient))
  // The build keeps a core busy for a while: the database and the lab's disks are made meanwhile.
  const built = whileLocked(SETUP_LOCK, () => builtPortal(terminal, held, signal))
  built.catch(() => {})

  const owner = options.databaseUrl ?? (await terminal.step('PostgreSQL', () => startPostgres(options, places, supervisor, secrets)))
  const deployed = await terminal.step('schema', () => deploySchema(owner, options.rolePassword ?? secrets.rolePassword))
  const queueUrl = options.redisUrl ?? deployed.urls.queue
  const setting: Setting = { places, ports, secrets, urls: deployed.urls, queueUrl, logLevel: options.logLevel, inherited: inheritedEnv(process.env), mail: options.mail ?? null, observationMinuteSeconds: options.observationMinuteSeconds }
  for (const side of ['source', 'target'] as const) for (const folder of foldersOf(setting, side)) await mkdir(folder, { recursive: true, mode: 0o700 })
  signal.throwIfAborted()

  await terminal.step('coordinator', () => supervisor.start(coordinatorProgram(setting)))
  const demo = await terminal.step('demo scenario', () => prepareDemo(owner))
  if (options.agentEnv === null) await terminal.step('source and target hypervisors', async () => {
    await Promise.all([supervisor.start(labProgram(setting, 'source', options.scenario ?? demo.scenario)), supervisor.start(labProgram(setting, 'target', null))])
  })
  await terminal.step('source and target agents', () => startAgents(options, setting, supervisor, demo.tokens))
  const build = await built
  await terminal.step('portal', () => supervisor.start(webProgram(setting, build)))
  signal.throwIfAborted()
  const beside: RunningDriftless['beside'] = {
    coordinator: (name, gateway) => ({ ...coordinatorProgram({ ...setting, ports: { ...ports, gateway } }), name }),
    web(name, web) {
      // Agents enrol at the first gateway, whichever portal shows the command.
      const other = { ...setting, ports: { ...ports, web } }
      return { ...webProgram(other, build), name, url: webUrl(other) }
    },
  }
  return { url: webUrl(setting), beside, places, ports, ownerUrl: owner, coordinatorUrl: deployed.urls.coordinator, supervisor, terminal, seeded: demo.seeded }
}

async function startAgents({ agentEnv }: RunOptions, setting: Setting, supervisor: Supervisor, tokens: Record<SiteSide, string | null>): Promise<void> {
  await Promise.all((['target', 'source'] as const).map(async (side) => {
    const env = await agentEnv?.(side, agentFolder(setting, side))
    await supervisor.start(agentProgram(setting, side, tokens[side], env))
  }))
}

async function startPostgres(options: RunOptions, places: Places, supervisor: Supervisor, secrets: Secrets): Promise<string> {
  const binaries = await findPostgres()
  const leftover = await clearLeftover(places.postgres)
  if (leftover !== null) options.terminal.warn(leftover)
  await initialisePostgres(binaries, places.postgres, secrets.postgres)
  await supervisor.start(postgresProgram(binaries, { folder: places.postgres, port: options.ports.postgres, durable: options.durable }))
  const url = ownerUrl(options.ports.postgres, secrets.postgres, 'driftless')
  await ensureDatabase(url, 'driftless')
  return url
}

/** The folder of the portal's build, which stays as long as we hold it. */
async function builtPortal(terminal: Terminal, held: Held[], signal: AbortSignal): Promise<string> {
  const startedAtMs = Date.now()
  const build = await buildWeb(signal)
  held.push(build)
  if (build.made) terminal.done('portal built', startedAtMs)
  return build.folder
}

/** Says a step only when it had something to do. */
async function sayIfLong(terminal: Terminal, what: string, work: () => Promise<boolean>): Promise<void> {
  const startedAtMs = Date.now()
  if (await work()) terminal.done(what, startedAtMs)
}
