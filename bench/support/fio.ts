/** fio, a load generator, with its NBD engine: what a guest does to a disk, as one connection. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '@driftless/launch/setup/command.ts'
import { z } from 'zod'

export interface Load {
  readonly pattern: 'randread' | 'randwrite' | 'read' | 'write'
  readonly blockBytes: number
  /** Requests in flight. */
  readonly depth: number
}

export interface FioResult {
  readonly requestsPerSecond: number
  readonly bytesPerSecond: number
  /** From submission to answer, 99 of 100 requests. */
  readonly p99Us: number
}

const side = z.object({ total_ios: z.number(), iops: z.number(), bw_bytes: z.number(), clat_ns: z.object({ percentile: z.record(z.string(), z.number()).optional() }) })
const output = z.object({ jobs: z.array(z.object({ error: z.number(), read: side, write: side })).length(1) })

const P99 = '99.000000'

/**
 * Runs a load against the export at a unix socket: for `seconds`, or (null) once over `bytes`. Throws with fio's words
 * when it fails.
 */
export async function runFio(fio: string, socketPath: string, load: Load, size: { bytes: number; seconds: number | null }, scratch: string): Promise<FioResult> {
  const file = join(scratch, 'fio.json')
  await rm(file, { force: true })
  const { code, output: said } = await runCommand(fio, [
    '--name=load', '--ioengine=nbd', `--uri=nbd+unix:///?socket=${socketPath}`, `--rw=${load.pattern}`, `--bs=${load.blockBytes}`, `--iodepth=${load.depth}`,
    `--size=${size.bytes}`, ...(size.seconds === null ? [] : ['--time_based', `--runtime=${size.seconds}`]), '--randrepeat=0', '--norandommap', '--output-format=json', `--output=${file}`,
  ])
  if (code !== 0) throw new Error(`fio ended with ${code}: ${said.trim()}`)
  const text = await readFile(file, 'utf8')
  // Notes may stand before the JSON.
  const [job] = output.parse(JSON.parse(text.slice(text.indexOf('{')))).jobs
  if (job === undefined || job.error !== 0) throw new Error(`fio met error ${job?.error ?? 'unknown'} at ${socketPath}.`)
  const done = job.read.total_ios > 0 ? job.read : job.write
  const p99Ns = done.clat_ns.percentile?.[P99]
  if (p99Ns === undefined) throw new Error('fio told no latencies.')
  return { requestsPerSecond: done.iops, bytesPerSecond: done.bw_bytes, p99Us: p99Ns / 1000 }
}
