/** The main job with every program killed once in mid-copy and once in mid-cutover: the outcome is the same. */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { mainJob } from '@driftless/launch/play/main-job.ts'
import { proofOf } from '@driftless/launch/play/proof.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { labVms } from '../support/lab.ts'
import { startDriftless } from '../support/driftless.ts'
import { inMidCopy } from '../support/mid-copy.ts'

/** Long enough to be missed by everybody, short enough not to be waited for. */
const DOWN_MS = 1_500

/** Until all three were killed: the demo's VMs hold 900 MB, so at this rate the copy takes minutes. */
const RATE_BYTES_PER_SECOND = 3_000_000

let driftless: RunningDriftless | null = null
afterEach(async () => {
  await driftless?.stop()
  driftless = null
})

test('source agent, target agent and coordinator are each killed in mid-copy: six VMs arrive whole', async () => {
  const running = await startDriftless()
  driftless = running
  const killed: string[] = []
  const watcher = inMidCopy(['agent-source', 'agent-target', 'coordinator'].map((program) => async () => {
    killed.push(program)
    await running.supervisor.kill(program)
    await pause(DOWN_MS)
    await running.supervisor.restart(program)
  }))
  const result = await mainJob(running.url, watcher, { rateBytesPerSecond: RATE_BYTES_PER_SECOND })
  expect(killed).toEqual(['agent-source', 'agent-target', 'coordinator'])
  const proof = proofOf(result)
  expect(proof.faults).toEqual([])
  expect(proof).toMatchObject({ vms: 6, disks: 7 })
})

test('each is killed in mid-cutover: every VM arrives whole and runs once', async () => {
  const running = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json') })
  driftless = running
  const over = new AbortController()
  const killing = killInCutover(running, over.signal)
  const result = await mainJob(running.url, { step: () => undefined }, { rateBytesPerSecond: null, estimateAfterSeconds: 1 }).finally(() => over.abort())
  expect(await killing).toEqual(['agent-source', 'coordinator', 'agent-target'])
  expect(proofOf(result).faults).toEqual([])
  const power = async (side: 'source' | 'target') => Object.fromEntries((await labVms(running, side)).map((vm) => [vm.name, vm.power]))
  expect(await power('source')).toEqual({ 'app-01': 'OFF', 'app-02': 'OFF' })
  expect(await power('target')).toEqual({ 'app-01': 'ON', 'app-02': 'ON' })
})

/** In which steps of whose cutover (the first or the second in turn) each is killed; a step may be over in tens of milliseconds. */
const IN_CUTOVER = [
  { program: 'agent-source', turn: 1, steps: ['SOURCE_QUIESCING', 'SOURCE_OFF', 'FINAL_SYNC', 'VERIFYING'] },
  { program: 'coordinator', turn: 1, steps: ['VERIFYING', 'TARGET_BOOTING', 'VALIDATING'] },
  { program: 'agent-target', turn: 2, steps: ['SOURCE_QUIESCING', 'SOURCE_OFF', 'FINAL_SYNC', 'VERIFYING', 'TARGET_BOOTING', 'VALIDATING'] },
] as const
const LOOK_MS = 10
/** Every attempt's status, and whose it is: 1 for the VM whose turn came first. Ids grow with time. */
const ATTEMPTS_IN_TURN = 'SELECT a.status, dense_rank() OVER (ORDER BY (SELECT min(b.id) FROM cutover_attempt b WHERE b.migration_id = a.migration_id)) AS nth FROM cutover_attempt a'

/** Watches the attempts in the database, closely, and kills each program once when its moment has come. Answers who was killed. */
async function killInCutover(running: RunningDriftless, over: AbortSignal): Promise<string[]> {
  const client = new pg.Client({ connectionString: running.ownerUrl })
  await client.connect()
  const waiting = new Set<(typeof IN_CUTOVER)[number]>(IN_CUTOVER)
  const restarts: Promise<unknown>[] = []
  try {
    while (!over.aborted && waiting.size > 0) {
      const { rows } = await client.query<{ status: string; nth: string }>(ATTEMPTS_IN_TURN)
      for (const next of waiting) {
        if (!rows.some((row) => Number(row.nth) === next.turn && next.steps.some((step) => step === row.status))) continue
        waiting.delete(next)
        await running.supervisor.kill(next.program)
        restarts.push(pause(DOWN_MS).then(() => running.supervisor.restart(next.program)))
      }
      await pause(LOOK_MS)
    }
    await Promise.all(restarts)
  } finally {
    await client.end()
  }
  return IN_CUTOVER.filter((one) => !waiting.has(one)).map((one) => one.program)
}
