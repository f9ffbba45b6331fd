import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Supervisor } from './supervisor.ts'
import type { ProgramSpec } from './supervisor.ts'

let folder: string
let supervisor: Supervisor
let said: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'supervisor-'))
  said = []
  supervisor = new Supervisor(folder, (line) => said.push(line))
})
afterEach(async () => {
  await supervisor.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A program of a few lines of JavaScript; says ready by itself unless `script` does. */
function program(script: string, name = 'small'): ProgramSpec {
  return { name, command: process.execPath, args: ['-e', script], env: {}, isReady: (line) => line === 'ready', stopBy: 'SIGTERM' }
}
const STAYS = "console.log('ready'); setInterval(() => {}, 1000)"

/** Dead, or dead and only not yet collected by its adopted parent. */
const isGone = async (pid: number) => {
  try {
    process.kill(pid, 0)
  } catch {
    return true
  }
  return (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).includes(') Z ')
}

it('starts a program, keeps its log, and stops it in order', async () => {
  await supervisor.start(program(`process.on('SIGTERM', () => { console.log('draining'); process.exit(0) }); ${STAYS}`))
  expect(supervisor.isRunning('small')).toBe(true)
  await supervisor.stop()
  expect(supervisor.isRunning('small')).toBe(false)
  expect(await readFile(join(folder, 'small.log'), 'utf8')).toBe('ready\ndraining\n')
  expect(said).toEqual([])
})

it('refuses a program that ends before it is ready, with its last words', async () => {
  await expect(supervisor.start(program("console.error('no such disk'); process.exit(3)"))).rejects.toThrow(/small ended before it was ready \(exit code 3\)[^]*no such disk/)
})

it('brings back a program that dies, aloud', async () => {
  await supervisor.start(program(STAYS))
  const first = supervisor.processId('small') ?? 0
  process.kill(first, 'SIGKILL')
  await vi.waitFor(() => expect(said.at(-1)).toBe('small runs again.'), { timeout: 30_000 })
  expect(said[0]).toMatch(/small ended unexpectedly \(SIGKILL\); starting it again in 0\.3 s/)
  expect(supervisor.processId('small')).not.toBe(first)
})

it('leaves a program down that was killed on purpose, until it is restarted', async () => {
  await supervisor.start(program(STAYS))
  await supervisor.kill('small')
  expect(supervisor.isRunning('small')).toBe(false)
  await supervisor.restart('small')
  expect(supervisor.isRunning('small')).toBe(true)
  expect(said).toEqual([])
})

it('takes along what a program started', async () => {
  await supervisor.start(program("const { spawn } = require('node:child_process'); const child = spawn('sleep', ['600'], { stdio: 'ignore' }); console.log(child.pid); console.log('ready'); setInterval(() => {}, 1000)"))
  const grandchild = Number((await readFile(join(folder, 'small.log'), 'utf8')).split('\n')[0])
  expect(await isGone(grandchild)).toBe(false)
  await supervisor.kill('small')
  await vi.waitFor(async () => expect(await isGone(grandchild)).toBe(true), { timeout: 30_000 })
})

it('stops in reverse order', async () => {
  const ends = (name: string) => program(`process.on('SIGTERM', () => process.exit(0)); ${STAYS}`, name)
  const order: string[] = []
  const stopping = ['first', 'second', 'third']
  for (const name of stopping) await supervisor.start(ends(name))
  const stopped = supervisor.stop()
  const watch = vi.waitFor(() => {
    for (const name of stopping) if (!supervisor.isRunning(name) && !order.includes(name)) order.push(name)
    expect(order).toHaveLength(3)
  }, { interval: 1, timeout: 30_000 })
  await Promise.all([stopped, watch])
  expect(order).toEqual(['third', 'second', 'first'])
})
