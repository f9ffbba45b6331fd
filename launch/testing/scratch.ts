import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PartResult } from './report.ts'

/** A temporary folder that the tests of one run see as the whole temporary folder. */
export type Scratch = {
  folder: string
  /** Ends processes of the run that still live and removes the folder; each such process is a failure. */
  clear(): Promise<PartResult>
}

/** Makes the folder. Its path is short: tests put unix sockets below it, whose whole path is limited to 108 characters. */
export async function openScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'dl-'))
  return {
    folder,
    async clear() {
      const startedAtMs = Date.now()
      const left = await processesOf(folder)
      for (const { pid } of left) process.kill(pid, 'SIGKILL')
      await rm(folder, { recursive: true, force: true })
      return { name: 'nothing left behind', passed: left.length === 0 ? 1 : 0, failed: left.length === 0 ? 0 : 1, skipped: 0, seconds: (Date.now() - startedAtMs) / 1000, output: left.map(({ pid, command }) => `process ${pid} outlived the tests and was ended: ${command}`).join('\n') }
    },
  }
}

/** Processes started with our scratch folder as TMPDIR, ourselves apart; none where the system does not tell. */
async function processesOf(folder: string): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const variables = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (!variables.split('\0').includes(`TMPDIR=${folder}`)) continue
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (command !== '') found.push({ pid, command: command.replaceAll('\0', ' ').trim() })
  }
  return found
}
