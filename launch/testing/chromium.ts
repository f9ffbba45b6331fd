/** A Chromium for the browser tests: the machine's, else the headless one of a registry package. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'
import { z } from 'zod'
import { findOnPath, runCommand } from '../setup/command.ts'
import { Refusal } from '../setup/failure.ts'
import { whileLocked } from '../setup/lock.ts'
import { ROOT } from '../setup/paths.ts'
import { CACHE } from './cache.ts'

const PACKAGE = '@sparticuz/chromium'

/** `folder` holds the libraries (`lib`) and fonts that the package brings along; null for the machine's own browser. */
export type Chromium = { executable: string; folder: string | null; from: string }

/** Finds or unpacks a Chromium; safe to be called by many at once. `said` gets a line when that takes a while. */
export async function findChromium(path: string | undefined, said: (line: string) => void): Promise<Chromium> {
  const installed = findOnPath(['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'], path)
  if (installed !== null) return { executable: installed, folder: null, from: `the machine's own, ${installed}` }
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Refusal(`The browser tests need a Chromium, and the package ${PACKAGE} has one for Linux x64 only. Install Chromium so that \`chromium\` is on the PATH.`)
  const { version, integrity } = await lockedPackage()
  const folder = join(CACHE, `chromium-${version}`)
  await mkdir(CACHE, { recursive: true })
  await whileLocked(join(CACHE, 'chromium.lock'), async () => {
    if (!existsSync(folder)) await unpack(folder, version, integrity, said)
  })
  return { executable: join(folder, 'chromium'), folder, from: `${PACKAGE} ${version}` }
}

const lockFile = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional(), integrity: z.string().optional() })) })

/** npm on Node 20 passes over this package (it asks for a newer Node), but the lock names it all the same. */
async function lockedPackage(): Promise<{ version: string; integrity: string }> {
  const lock = lockFile.parse(JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')))
  const { version, integrity } = lock.packages[`node_modules/${PACKAGE}`] ?? {}
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json does not name ${PACKAGE}.`)
  return { version, integrity }
}

async function unpack(folder: string, version: string, integrity: string, said: (line: string) => void): Promise<void> {
  const half = `${folder}.new`
  await rm(half, { recursive: true, force: true })
  await mkdir(join(half, 'lib'), { recursive: true })
  const bin = join(await packageFolder(half, version, integrity, said), 'bin')
  said(`Unpacking Chromium from ${PACKAGE} ${version}.`)
  const executable = join(half, 'chromium')
  await pipeline(createReadStream(join(bin, 'chromium.br')), createBrotliDecompress(), createWriteStream(executable))
  await chmod(executable, 0o755)
  for (const archive of ['al2023', 'swiftshader', 'fonts']) {
    const tar = join(half, `${archive}.tar`)
    await pipeline(createReadStream(join(bin, `${archive}.tar.br`)), createBrotliDecompress(), createWriteStream(tar))
    await mustRun('tar', ['-xf', tar, '-C', half])
    await rm(tar)
  }
  await writeFile(join(half, 'fonts.conf'), `<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>\n`)
  await rm(join(half, 'download'), { recursive: true, force: true })
  await rename(half, folder)
}

/** The installed package, or one fetched and held against the lock's checksum. */
async function packageFolder(half: string, version: string, integrity: string, said: (line: string) => void): Promise<string> {
  const installed = join(ROOT, 'node_modules', PACKAGE)
  if (existsSync(join(installed, 'bin', 'chromium.br'))) return installed
  said(`Fetching a Chromium for the browser tests: ${PACKAGE} ${version}, about 65 MB.`)
  const download = join(half, 'download')
  await mkdir(download)
  await mustRun('npm', ['pack', `${PACKAGE}@${version}`, '--silent', '--pack-destination', download], half)
  const archive = join(download, `${PACKAGE.slice(1).replace('/', '-')}-${version}.tgz`)
  const found = `sha512-${createHash('sha512').update(await readFile(archive)).digest('base64')}`
  if (found !== integrity) throw new Refusal(`${PACKAGE} ${version} from the registry is not the file of package-lock.json (${found.slice(0, 20)}… instead of ${integrity.slice(0, 20)}…). It was not used.`)
  await mustRun('tar', ['-xzf', archive, '-C', download])
  return join(download, 'package')
}

async function mustRun(command: string, args: readonly string[], cwd?: string): Promise<void> {
  const { code, output } = await runCommand(command, args, cwd === undefined ? {} : { cwd })
  if (code !== 0) throw new Refusal(`${command} ${args[0] ?? ''} failed while setting up Chromium: ${output.trim()}. Or install Chromium so that \`chromium\` is on the PATH.`)
}
