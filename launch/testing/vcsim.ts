/** A vCenter for the tests: a program of ours over govmomi's simulator, built with the machine's Go, else with Debian's, unpacked without root. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inheritedEnv } from '../env.ts'
import { findOnPath, runCommand } from '../setup/command.ts'
import { whileLocked } from '../setup/lock.ts'
import { ROOT } from '../setup/paths.ts'
import { CACHE } from './cache.ts'
import { unpackDebian } from './debian.ts'

const SOURCES = join(ROOT, 'tests', 'vcsim')
/** The compiler, and the simulator with all it imports. */
const PACKAGES = ['golang-go', 'golang-github-vmware-govmomi-dev']
const GOVMOMI = 'src/github.com/vmware/govmomi'

export type Vcsim = {
  readonly executable: string
  /** The folder of govmomi's types, from which our table of vSphere's types is made. */
  readonly types: string
}

/** Go, and the libraries that Debian packages for it. */
type Go = { readonly program: string; readonly path: string; readonly root: string | null }

/** Finds or builds the simulator; a reason in words where it cannot be had. Safe to be called by many at once. */
export async function findVcsim(path: string | undefined, said: (line: string) => void): Promise<Vcsim | { missing: string }> {
  if (process.platform !== 'linux') return { missing: 'the simulator of vCenter is built from Debian\'s packages, on Linux' }
  await mkdir(CACHE, { recursive: true })
  return whileLocked(join(CACHE, 'vcsim.lock'), async () => {
    const go = await findGo(path, said)
    if ('missing' in go) return go
    const types = join(go.path, GOVMOMI, 'vim25', 'types')
    const folder = join(CACHE, `vcsim-${await hashOfSources()}`)
    const executable = join(folder, 'vcsim')
    if (!existsSync(executable)) {
      said('Building the simulator of vCenter for the tests, about 20 seconds.')
      const failed = await build(go, folder)
      if (failed !== null) return { missing: `the simulator of vCenter does not build: ${failed}` }
    }
    return { executable, types }
  })
}

/** One hash of all files that the simulator is built from, by their names and contents. */
async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(SOURCES)).filter((each) => each.endsWith('.go')).toSorted()) hash.update(`${name}\0`).update(await readFile(join(SOURCES, name)))
  return hash.digest('hex').slice(0, 16)
}

async function findGo(path: string | undefined, said: (line: string) => void): Promise<Go | { missing: string }> {
  const installed = findOnPath(['go'], path)
  const libraries = '/usr/share/gocode'
  if (installed !== null && existsSync(join(libraries, GOVMOMI, 'simulator'))) return { program: installed, path: libraries, root: null }
  const folder = join(CACHE, 'go')
  if (!existsSync(folder)) {
    said('Fetching Go and a simulator of vCenter for the tests of vSphere, about 90 MB of Debian\'s packages, unpacked without root.')
    const half = `${folder}.new`
    const failed = await unpackDebian({ withNeeds: PACKAGES, alone: [] }, half, path)
    if (failed !== null) {
      await rm(half, { recursive: true, force: true })
      return { missing: `no Go with govmomi's simulator on this machine, and ${failed}. Install ${PACKAGES.join(' and ')}` }
    }
    await rename(half, folder)
  }
  const lib = join(folder, 'usr', 'lib')
  const version = (await readdir(lib)).find((name) => /^go-\d/.test(name)) ?? 'go'
  return { program: join(lib, version, 'bin', 'go'), path: join(folder, 'usr', 'share', 'gocode'), root: join(lib, version) }
}

/** Builds into `folder`, whole or not at all, and removes what was built of older sources. Resolves to why not, in words. */
async function build({ program, path, root }: Go, folder: string): Promise<string | null> {
  const half = `${folder}.new`
  await mkdir(half, { recursive: true })
  const compiled = join(CACHE, 'go-build')
  // Debian's libraries have no modules; without cgo no C compiler is needed.
  const settings = { GO111MODULE: 'off', GOPATH: path, GOCACHE: compiled, GOFLAGS: '', CGO_ENABLED: '0', ...(root === null ? {} : { GOROOT: root }) }
  const { code, output } = await runCommand(program, ['build', '-trimpath', '-o', join(half, 'vcsim'), '.'], { cwd: SOURCES, env: { ...inheritedEnv(process.env), ...settings } })
  // Some 200 MB that only a next build would use, and there is hardly ever one.
  await rm(compiled, { recursive: true, force: true })
  if (code !== 0) {
    await rm(half, { recursive: true, force: true })
    return output.trim().slice(-1000)
  }
  for (const name of await readdir(CACHE)) if (/^vcsim-[\da-f]{16}$/.test(name)) await rm(join(CACHE, name), { recursive: true })
  await rename(half, folder)
  return null
}
