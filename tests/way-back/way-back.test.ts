/** The way back on the lab: what moved VMs write at the target is on their sources' disks, over a killed agent too. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mainJob } from '@driftless/launch/play/main-job.ts'
import { signIn } from '@driftless/launch/play/portal.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { DEMO_PASSWORD } from '../../prisma/seed/demo.ts'
import { startDriftless } from '../support/driftless.ts'
import { eventually } from '../support/eventually.ts'
import { labVms, shutDownLabVm } from '../support/lab.ts'

let driftless: RunningDriftless | null = null
afterEach(async () => {
  await driftless?.stop()
  driftless = null
})

const wayBack = z.object({ progress: z.object({ connected: z.boolean(), leftBytes: z.number(), behindSince: z.date().nullable() }).nullable(), problem: z.string().nullable() }).nullable()
const waveWithWaysBack = z.object({ migrations: z.array(z.object({ id: z.string(), name: z.string(), wayBack })) })

test('the sources of moved VMs follow them, and hold byte for byte what the VMs left', async () => {
  const running = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json') })
  driftless = running
  const { wave } = await mainJob(running.url, { step: () => undefined }, { rateBytesPerSecond: null, estimateAfterSeconds: 1 })
  expect(wave.migrations.map((migration) => migration.status)).toEqual(['COMPLETED', 'COMPLETED'])
  const operator = await signIn(running.url, 'operator@alpine.example', DEMO_PASSWORD)
  const [planned] = await operator.query('migrate.waves', undefined, z.array(z.object({ id: z.string() })))
  const read = () => operator.query('wave.read', { waveId: planned?.id }, waveWithWaysBack)
  const connected = () => eventually('both sources follow', async () => (await read()).migrations.every((migration) => migration.wayBack?.progress?.connected === true))
  for (const { id } of wave.migrations) await operator.mutate('wave.keepWayBack', { migrationId: id, keep: true }, z.unknown())
  await connected()

  // The guests write on; the source's agent is killed and comes back.
  await running.supervisor.kill('agent-source')
  await running.supervisor.restart('agent-source')
  await connected()
  const moved = await labVms(running, 'target')
  expect(moved.map((vm) => vm.power)).toEqual(['ON', 'ON'])

  // They shut down in order; what they left is on both sides, and the sources were off all the time.
  for (const { ref } of moved) await shutDownLabVm(running, 'target', ref)
  await eventually('both are off', async () => (await labVms(running, 'target')).every((vm) => vm.power === 'OFF'))
  await eventually('nothing is left to send', async () => (await read()).migrations.every((migration) => migration.wayBack?.progress?.behindSince === null))
  const sources = await labVms(running, 'source')
  expect(sources.map((vm) => vm.power)).toEqual(['OFF', 'OFF'])
  for (const shadow of moved) {
    const source = sources.find((vm) => vm.name === shadow.name)
    for (const disk of shadow.disks) {
      const path = source?.disks.find(({ key }) => key === disk.key)?.path ?? ''
      expect((await readFile(path)).equals(await readFile(disk.path)), `${shadow.name} ${disk.key}`).toBe(true)
    }
  }
})
