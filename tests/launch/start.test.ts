/** `npm start` as a person at a terminal has it: what it refuses, what Ctrl-C leaves, what `--fresh` empties. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { findFreeBase } from '@driftless/launch/setup/ports.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { programEnv } from '../support/env.ts'

/** Below the ports that systems hand out by themselves; test runs side by side choose different ones. */
const randomBase = () => findFreeBase(20_000 + 10 * Math.floor(Math.random() * 1_000))

let folder: string
let home: string
let base: number
let started: { kill(): void }[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 's-'))
  home = join(folder, 'home')
  base = await randomBase()
  started = []
})
afterEach(async () => {
  for (const start of started) start.kill()
  for (const { pid } of await processesOfFolder()) process.kill(pid, 'SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

/** Runs `npm start` in a process group of its own, as a terminal would. */
function start(flags: readonly string[] = [], settings: Readonly<Record<string, string>> = {}) {
  const env = { ...programEnv(), TMPDIR: folder, NO_COLOR: '1', DRIFTLESS_HOME: home, DRIFTLESS_PORT: String(base), ...settings }
  const child = spawn('npm', ['start', '--silent', '--', ...flags], { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject))
  const signal = (name: NodeJS.Signals) => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, name)
  }
  const one = {
    ended,
    output: () => output,
    /** Resolves once `text` was said; rejects when it ended without. */
    says: (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => output.includes(text) && resolve()
        child.stdout.on('data', look)
        void ended.then((code) => reject(new Error(`Ended with ${code} before it said "${text}":\n${output}`)))
        look()
      }),
    /** What a terminal does: the whole group gets it. */
    ctrlC: () => signal('SIGINT'),
    kill: () => signal('SIGKILL'),
  }
  started.push(one)
  return one
}

/** Processes with our temporary folder in their environment or their command line; none where the system does not tell. */
async function processesOfFolder(): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const [variables, command] = await Promise.all(['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')))
    if (command && (variables?.includes(folder) === true || command.includes(folder))) found.push({ pid, command: command.replaceAll('\0', ' ') })
  }
  return found
}

test('a busy port is named, with what it is for and a way out', async () => {
  const busy = createServer()
  await new Promise<void>((resolve) => busy.listen({ port: base + 1, host: '127.0.0.1' }, resolve))
  try {
    const refused = start()
    expect(await refused.ended).toBe(1)
    expect(refused.output()).toContain(`Port ${base + 1}, for the agent gateway, is taken by another program`)
    expect(refused.output()).toMatch(/DRIFTLESS_PORT=\d+ npm start/)
  } finally {
    busy.close()
  }
})

test('--fresh empties no folder that is not a home, and no database of the user’s own', async () => {
  await mkdir(home)
  await writeFile(join(home, 'thesis.txt'), 'years of work')
  const stranger = start(['--fresh'])
  expect(await stranger.ended).toBe(1)
  expect(stranger.output()).toContain(`${home} holds files and is no home of a Driftless`)
  expect(await readFile(join(home, 'thesis.txt'), 'utf8')).toBe('years of work')

  home = join(folder, 'other-home')
  const ofTheUser = start(['--fresh'], { DATABASE_URL: 'postgres://owner:secret@127.0.0.1:1/theirs' })
  expect(await ofTheUser.ended).toBe(1)
  expect(ofTheUser.output()).toContain('DATABASE_URL names a database of yours')
})

test('Ctrl-C leaves no process, neither when all runs nor in mid-start, and --fresh empties the home', async () => {
  const first = start()
  await first.says('Driftless is ready')
  expect((await processesOfFolder()).length).toBeGreaterThan(6)
  first.ctrlC()
  await first.ended
  expect(first.output()).toContain('everything stopped')
  expect(await processesOfFolder()).toEqual([])

  const kept = ['postgres', 'source', 'target'].map((name) => join(home, name, 'of-the-first-start'))
  for (const file of kept) await writeFile(file, '')
  const second = start(['--fresh'])
  await second.says('schema')
  second.ctrlC()
  await second.ended
  expect(second.output()).toContain('Stopped before it was ready')
  expect(await processesOfFolder()).toEqual([])
  expect(kept.filter(existsSync)).toEqual([])
})
