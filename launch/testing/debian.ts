/** Debian's packages for the tests, unpacked without root and without being installed. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findOnPath, runCommand } from '../setup/command.ts'
import type { Finished } from '../setup/command.ts'
import { CACHE } from './cache.ts'

/** Where apt keeps what it knows, when the machine's own is missing or out of date: as root's `apt-get update` would, but ours. */
const OWN_APT = join(CACHE, 'apt')

const ownOptions = ['-o', `Dir::State::Lists=${join(OWN_APT, 'lists')}`, '-o', `Dir::Cache=${join(OWN_APT, 'cache')}`]
/** As root apt would fetch as a user who may not write to our folders. */
const ALWAYS = ['-qq', '-o', 'APT::Sandbox::User=root', '-o', 'Debug::NoLocking=1']

/** Fetches what is asked for into `folder` and unpacks it there. Rejects with why it could not. */
export type DebianPackages = {
  /** These packages and whatever they need that this machine lacks, recommendations apart. */
  readonly withNeeds: readonly string[]
  /** These alone. A package that only points to another is followed. */
  readonly alone: readonly string[]
}

class AptFailed extends Error {}

async function apt(command: string, args: readonly string[], options: readonly string[], cwd?: string): Promise<string> {
  const { code, output }: Finished = await runCommand(command, [...ALWAYS, ...options, ...args], cwd === undefined ? {} : { cwd })
  if (code !== 0) throw new AptFailed(`${command} ${args[0] ?? ''}: ${output.trim().split('\n').at(-1) ?? ''}`)
  return output
}

/** What apt would install for these packages, those themselves included where they are installed already. */
async function needsOf(packages: readonly string[], options: readonly string[]): Promise<string[]> {
  if (packages.length === 0) return []
  const plan = await apt('apt-get', ['install', '--simulate', '--no-install-recommends', ...packages], options)
  return [...new Set([...packages, ...[...plan.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name)])]
}

/** `linux-image-cloud-amd64` points to the kernel of the day: a package without files of its own, needed for what it depends on. */
async function followed(name: string, options: readonly string[]): Promise<string> {
  const depends = await apt('apt-cache', ['depends', '--important', name], options)
  const stem = name.split('-').slice(0, 2).join('-')
  return [...depends.matchAll(/^\s+Depends: (\S+)/gm)].map(([, target = '']) => target).find((target) => target.startsWith(`${stem}-`)) ?? name
}

async function fetchAll({ withNeeds, alone }: DebianPackages, folder: string, options: readonly string[]): Promise<void> {
  const single = await Promise.all(alone.map((name) => followed(name, options)))
  await apt('apt-get', ['download', ...(await needsOf(withNeeds, options)), ...single], options, folder)
}

/** Fetches the packages into `folder` and unpacks them there. Resolves to null, or to why that cannot be, in words. */
export async function unpackDebian(packages: DebianPackages, folder: string, path: string | undefined): Promise<string | null> {
  if (findOnPath(['apt-get'], path) === null || findOnPath(['dpkg'], path) === null) return 'this is no Debian to fetch packages from'
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  try {
    // The machine's lists may be missing (a container's image) or name packages that are gone.
    await fetchAll(packages, folder, []).catch(async (error: unknown) => {
      if (!(error instanceof AptFailed)) throw error
      for (const part of ['lists/partial', 'cache/archives/partial']) await mkdir(join(OWN_APT, part), { recursive: true })
      await apt('apt-get', ['update'], ownOptions)
      await fetchAll(packages, folder, ownOptions)
    })
  } catch (error) {
    if (error instanceof AptFailed) return `Debian's packages could not be fetched (${error.message})`
    throw error
  }
  for (const file of await readdir(folder)) {
    const unpacked = await runCommand('dpkg', ['-x', file, '.'], { cwd: folder })
    if (unpacked.code !== 0) return `${file} could not be unpacked: ${unpacked.output.trim()}`
    await rm(join(folder, file))
  }
  return null
}
