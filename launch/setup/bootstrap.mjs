/**
 * What has to work before anything is installed: plain JavaScript on Node 20, `node:` imports only.
 * Installs the dependencies if they do not match the lock, then hands over to Node 24 from the packages.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** First Node that runs `.ts` files without a flag. */
const OLDEST_NODE = [22, 18]
/** Of a failed npm: its first words tell what happened, its last ones are its manual. */
const OUTPUT_CHARACTERS_MAX = 2_000
/** The progress line of a long step is redrawn this often. */
const PROGRESS_INTERVAL_MS = 1_000

const readLock = (path) => JSON.parse(readFileSync(path, 'utf8')).packages ?? {}

/**
 * Why the installed packages are not those of the lock, or null when they are. Optional packages
 * (other platforms') may be missing; npm writes the compared record last, so an aborted install shows.
 */
export function dependencyMismatch(root = ROOT) {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return 'nothing is installed yet'
  try {
    const installed = readLock(record)
    for (const [path, wanted] of Object.entries(readLock(join(root, 'package-lock.json')))) {
      if (!path.includes('node_modules/')) continue
      const present = installed[path]
      if (present === undefined) {
        if (wanted.optional || wanted.devOptional || wanted.peer) continue
        return `${path} is missing`
      }
      if (wanted.link ? !present.link : present.version !== wanted.version) return `${path} is not the version of the lock`
    }
    return null
  } catch (error) {
    return `the record of installed packages cannot be read (${error.message})`
  }
}

const colour = process.stdout.isTTY && !process.env.NO_COLOR
const green = (text) => (colour ? `\x1b[32m${text}\x1b[39m` : text)
const dim = (text) => (colour ? `\x1b[2m${text}\x1b[22m` : text)
export const sayDone = (what, startedAtMs) => console.log(`${green('✓')} ${what} ${dim(`${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`)}`)

function npmCommand() {
  const script = process.env.npm_execpath
  return script && /\.c?js$/.test(script) && existsSync(script) ? [process.execPath, script] : ['npm']
}

/** Runs `npm ci` when the packages do not match the lock. Ends the process with a reason when it fails. */
export async function ensureDependencies() {
  const reason = dependencyMismatch()
  if (reason === null) return
  const startedAtMs = Date.now()
  if (!process.stdout.isTTY) console.log(`  dependencies: ${reason}; installing them takes about a minute …`)
  const progress = process.stdout.isTTY
    ? setInterval(() => process.stdout.write(`\r\x1b[K  dependencies: ${reason}; installing … ${Math.round((Date.now() - startedAtMs) / 1000)} s`), PROGRESS_INTERVAL_MS)
    : undefined
  const [command, ...first] = npmCommand()
  const child = spawn(command, [...first, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { if (output.length < OUTPUT_CHARACTERS_MAX) output += chunk })
  const code = await new Promise((resolve) => {
    child.on('error', (error) => { output += error.message; resolve(1) })
    child.on('close', (exitCode) => resolve(exitCode ?? 1))
  })
  clearInterval(progress)
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
  if (code !== 0) {
    console.error(output.slice(0, OUTPUT_CHARACTERS_MAX).trim())
    console.error('\nnpm could not install the dependencies; the lines above say why. Mend that (network, disk space, rights on node_modules), then run the same command again.')
    process.exit(1)
  }
  sayDone('dependencies', startedAtMs)
}

/** The Node to go on with: the one from the packages, else the machine's if it is new enough. */
export function chooseNode() {
  const packaged = join(ROOT, 'node_modules', '.bin', 'node')
  if (existsSync(packaged) && spawnSync(packaged, ['--version']).status === 0) return packaged
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return process.execPath
  console.error(`Driftless needs Node ${OLDEST_NODE.join('.')} or newer here, and this is ${process.versions.node}: the package that brings Node 24 has no build for ${process.platform} ${process.arch}. Install Node 24 and run the same command again.`)
  process.exit(1)
}

/**
 * Runs a TypeScript program, named from `launch/`, with the chosen Node and ends with its exit code. Ctrl-C reaches the
 * program by itself (same terminal); a SIGTERM is handed on; if this process dies, the open channel tells it.
 */
export async function handOver(program, args) {
  await ensureDependencies()
  const child = spawn(chooseNode(), [join(ROOT, 'launch', program), ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, DRIFTLESS_CHANNEL: '1' } })
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => { console.error(`Cannot run ${program}: ${error.message}`); process.exit(1) })
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
}
