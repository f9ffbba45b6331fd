/** QEMU and a small Linux guest for the data plane's tests: the machine's QEMU, else Debian's, unpacked without root. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { findOnPath, runCommand } from '../setup/command.ts'
import { whileLocked } from '../setup/lock.ts'
import { CACHE } from './cache.ts'
import { unpackDebian } from './debian.ts'

/** What tests run of it; all of them must be there. */
const PROGRAMS = ['qemu-system-x86_64', 'qemu-img', 'qemu-nbd', 'qemu-storage-daemon']

/** The kernel is unpacked, never installed: the guest needs its image and a handful of its modules. */
const GUEST_PACKAGES = ['linux-image-cloud-amd64', 'busybox-static']

export type Qemu = {
  /** A folder with QEMU's programs. */
  readonly programs: string
  readonly guest: GuestParts
  /** Where it is from, for people. */
  readonly from: string
}

export type GuestParts = {
  readonly kernel: string
  /** The kernel's folder of modules. */
  readonly modules: string
  readonly busybox: string
}

/** Finds or unpacks a QEMU and the guest's parts; a reason in words where they cannot be had. Safe to be called by many at once. */
export async function findQemu(path: string | undefined, said: (line: string) => void): Promise<Qemu | { missing: string }> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return { missing: 'the test guest is a Linux for x64, run on Linux' }
  await mkdir(CACHE, { recursive: true })
  return whileLocked(join(CACHE, 'qemu.lock'), async () => {
    const guest = await findGuest(path, said)
    if ('missing' in guest) return guest
    const installed = findOnPath(['qemu-system-x86_64'], path)
    if (installed !== null && PROGRAMS.every((name) => existsSync(join(dirname(installed), name)))) return { programs: dirname(installed), guest, from: `the machine's own, ${installed}` }
    const folder = join(CACHE, 'qemu')
    if (!existsSync(folder)) {
      said('Fetching a QEMU for the tests of the data plane: qemu-system-x86 of Debian, unpacked without root.')
      const failed = await prepare(folder, async (half) => (await unpackDebian({ withNeeds: ['qemu-system-x86', 'qemu-utils'], alone: [] }, half, path)) ?? (await wrapPrograms(half)))
      if (failed !== null) return { missing: `no QEMU on the PATH, and ${failed}. Install qemu-system-x86 and qemu-utils` }
    }
    return { programs: join(folder, 'programs'), guest, from: `Debian's, unpacked in ${folder}` }
  })
}

/** Makes `folder` whole or not at all. Resolves to why not, in words. */
async function prepare(folder: string, fill: (half: string) => Promise<string | null>): Promise<string | null> {
  const half = `${folder}.new`
  const failed = await fill(half)
  if (failed === null) await rename(half, folder)
  else await rm(half, { recursive: true, force: true })
  return failed
}

async function findGuest(path: string | undefined, said: (line: string) => void): Promise<GuestParts | { missing: string }> {
  const folder = join(CACHE, 'guest')
  if (!existsSync(folder)) {
    said('Fetching the parts of a test guest: Debian\'s cloud kernel, about 27 MB, and a static busybox, unpacked without root.')
    const failed = await prepare(folder, (half) => unpackDebian({ withNeeds: [], alone: GUEST_PACKAGES }, half, path))
    if (failed !== null) return { missing: failed }
  }
  // Debian 13 has moved /bin and /lib below /usr.
  const either = (name: string) => [join(folder, name), join(folder, 'usr', name)].find((candidate) => existsSync(candidate)) ?? join(folder, name)
  const [version = ''] = await readdir(either('lib/modules'))
  return { kernel: join(folder, 'boot', `vmlinuz-${version}`), modules: join(either('lib/modules'), version, 'kernel'), busybox: either('bin/busybox') }
}

/** Small scripts that start the unpacked programs with their own libraries, modules and firmware. */
async function wrapPrograms(folder: string): Promise<string | null> {
  const { output } = await runCommand('find', ['.', '-name', '*.so*', '-not', '-path', './usr/share/*', '-printf', '%h\\n'], { cwd: folder })
  const libraries = [...new Set(output.split('\n').filter((line) => line.startsWith('./')))].map((line) => `$root/${line.slice(2)}`)
  const modules = libraries.find((library) => library.endsWith('/qemu'))
  await mkdir(join(folder, 'programs'))
  for (const name of PROGRAMS) {
    const firmware = name.startsWith('qemu-system') ? ' -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" -L "$root/usr/lib/ipxe/qemu"' : ''
    const lines = [
      '#!/bin/sh',
      'root=$(cd "$(dirname "$0")/.." && pwd)',
      ...(modules === undefined ? [] : [`export QEMU_MODULE_DIR="${modules}"`]),
      `export LD_LIBRARY_PATH="${libraries.filter((library) => library !== modules).join(':')}"`,
      `exec "$root/usr/bin/${name}"${firmware} "$@"`,
    ]
    await writeFile(join(folder, 'programs', name), `${lines.join('\n')}\n`, { mode: 0o755 })
  }
  const started = await runCommand(join(folder, 'programs', 'qemu-system-x86_64'), ['-version'])
  return started.code === 0 ? null : `the one of Debian does not start here: ${started.output.trim()}`
}
