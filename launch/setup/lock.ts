import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, Refusal } from './failure.ts'

/** A process by its id and when it started, since ids are used again. */
type Holder = { pid: number; startedAt: string }

/** When a process started, in the system's own ticks; '' where the system does not say, null when it is gone. */
async function startOf(pid: number): Promise<string | null> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return null
  }
  // The command name may hold spaces and brackets; field 22 counts from behind the last bracket.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' ? null : (fields[18] ?? '')
}

async function holderOf(file: string): Promise<Holder | null> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const [pid, startedAt = ''] = text.trim().split(' ')
  const number = Number(pid)
  if (!Number.isInteger(number) || number <= 0) return null
  const start = await startOf(number)
  return start === null || start !== startedAt ? null : { pid: number, startedAt }
}

/** Takes the lock `file`, or tells who has it. A lock whose holder died is taken over. */
async function tryLock(file: string): Promise<{ release(): Promise<void> } | { heldBy: number }> {
  const line = `${process.pid} ${(await startOf(process.pid)) ?? ''}\n`
  // Twice: once more after a dead holder's file is out of the way.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    // It is there with its holder's name or not at all: found without one, it would be taken for a dead holder's.
    const named = `${file}.${randomUUID()}`
    await writeFile(named, line)
    try {
      await link(named, file)
      return { release: () => rm(file, { force: true }) }
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    } finally {
      await rm(named, { force: true })
    }
    const holder = await holderOf(file)
    if (holder !== null) return { heldBy: holder.pid }
    await rm(file, { force: true })
  }
  return { heldBy: 0 }
}

/** Locks a home for one running Driftless; refuses with the holder's process id. */
export async function lockHome(file: string, home: string): Promise<{ release(): Promise<void> }> {
  const lock = await tryLock(file)
  if ('release' in lock) return lock
  throw new Refusal(`A Driftless already runs on ${home} (process ${lock.heldBy}). Stop it with Ctrl-C in its terminal or \`kill ${lock.heldBy}\`, or give this one a home and ports of its own:\n  DRIFTLESS_HOME=/some/folder DRIFTLESS_PORT=4700 npm start`)
}

/** Says that this process uses what `file` stands for, which nobody else writes; `isUsed` tells until it is released or we are gone. */
export async function markUsed(file: string): Promise<{ release(): Promise<void> }> {
  const lock = await tryLock(file)
  if ('release' in lock) return lock
  throw new Error(`${file} is held by process ${lock.heldBy}.`)
}

/** Whether the process that marked `file` still lives. */
export const isUsed = async (file: string): Promise<boolean> => (await holderOf(file)) !== null

/** Longest that setting up (generate, web build) may keep a second start of the same checkout waiting. */
const SETUP_WAIT_MS = 300_000
const SETUP_POLL_MS = 250

/** Runs `work` while no other process sets up the same checkout; waits for one that does. */
export async function whileLocked<T>(file: string, work: () => Promise<T>): Promise<T> {
  const limit = Date.now() + SETUP_WAIT_MS
  for (;;) {
    const lock = await tryLock(file)
    if ('release' in lock) {
      try {
        return await work()
      } finally {
        await lock.release()
      }
    }
    if (Date.now() > limit) throw new Refusal(`Process ${lock.heldBy} has been setting up this checkout for five minutes. Stop it, or remove ${file}, and try again.`)
    await sleep(SETUP_POLL_MS)
  }
}
