/** The queue is wiped of every job again and again while VMs are cut over: everything it had is made anew from PostgreSQL, in time. */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { mainJob } from '@driftless/launch/play/main-job.ts'
import { proofOf } from '@driftless/launch/play/proof.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { startDriftless } from '../support/driftless.ts'
import { labVms } from '../support/lab.ts'

/** The promise: what was wiped is there again after this long at most. */
const REBUILT_WITHIN_MS = 30_000
const LOOK_MS = 10
const IN_CUTOVER = ['SOURCE_QUIESCING', 'SOURCE_OFF', 'FINAL_SYNC', 'VERIFYING', 'TARGET_BOOTING', 'VALIDATING']
/** All that BullMQ knows of jobs: those that wait, run, are repeated, have failed, and which of them are one. */
const WIPE = 'TRUNCATE queue.job, queue.scheduler, queue.dedup, queue.dedup_next, queue.event, queue.job_dependency, queue.job_log, queue.rate_limit CASCADE'

let driftless: RunningDriftless | null = null
afterEach(async () => {
  await driftless?.stop()
  driftless = null
})

test('with every job wiped at each step of each cutover, the queue is rebuilt within 30 seconds and every VM arrives whole, once', async () => {
  const running = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json') })
  driftless = running
  const over = new AbortController()
  const wiping = wipeInCutover(running, over.signal)
  const result = await mainJob(running.url, { step: () => undefined }, { rateBytesPerSecond: null, estimateAfterSeconds: 1 }).finally(() => over.abort())
  const { wiped, rebuilt } = await wiping
  expect(wiped.length).toBeGreaterThan(1)
  expect(rebuilt).toBe(true)
  expect(proofOf(result).faults).toEqual([])
  expect(result.wave.migrations.map(({ status, attempts }) => ({ status, attempts: attempts.map((attempt) => attempt.status) }))).toEqual(result.vms.map(() => ({ status: 'COMPLETED', attempts: ['COMMITTED'] })))
  const power = async (side: 'source' | 'target') => (await labVms(running, side)).map((vm) => vm.power)
  expect(await power('source')).toEqual(['OFF', 'OFF'])
  expect(await power('target')).toEqual(['ON', 'ON'])
})

/** Wipes the queue at every step in which an attempt is seen. Answers at which, and whether it held jobs and its schedule again in time after each. */
async function wipeInCutover(running: RunningDriftless, over: AbortSignal): Promise<{ wiped: string[]; rebuilt: boolean }> {
  const client = new pg.Client({ connectionString: running.ownerUrl })
  await client.connect()
  const wiped: string[] = []
  let emptySinceMs: number | null = null
  try {
    while (!over.aborted || emptySinceMs !== null) {
      if (emptySinceMs !== null && (await isRebuilt(client))) emptySinceMs = null
      if (emptySinceMs !== null && Date.now() - emptySinceMs > REBUILT_WITHIN_MS) return { wiped, rebuilt: false }
      const { rows } = await client.query<{ id: string; status: string }>('SELECT id, status FROM cutover_attempt WHERE status = ANY ($1::"CutoverStatus"[])', [IN_CUTOVER])
      for (const { id, status } of rows) {
        if (wiped.includes(`${id} ${status}`)) continue
        wiped.push(`${id} ${status}`)
        await client.query(WIPE)
        emptySinceMs ??= Date.now()
      }
      await pause(LOOK_MS)
    }
    return { wiped, rebuilt: true }
  } finally {
    await client.end()
  }
}

async function isRebuilt(client: pg.Client): Promise<boolean> {
  const { rows: [found] } = await client.query<{ schedules: string; jobs: string }>('SELECT (SELECT count(*) FROM queue.scheduler) AS schedules, (SELECT count(*) FROM queue.job) AS jobs')
  return Number(found?.schedules) > 0 && Number(found?.jobs) > 0
}
