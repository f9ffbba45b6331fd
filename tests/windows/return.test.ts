/**
 * A moved VM goes home on the lab, through the portal, by signed orders: its source runs on with the newest records, nothing runs at
 * the target. The evidence of each end is genuine to the command that anybody can run, and a changed copy is not.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { evidenceFile } from '@driftless/evidence'
import { mainJob } from '@driftless/launch/play/main-job.ts'
import { signIn } from '@driftless/launch/play/portal.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { DEMO_PASSWORD } from '../../prisma/seed/demo.ts'
import { runCommand } from '../support/command.ts'
import { startDriftless } from '../support/driftless.ts'
import { eventually } from '../support/eventually.ts'
import { labVms } from '../support/lab.ts'

let driftless: RunningDriftless | null = null
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'driftless-evidence-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await driftless?.stop()
  driftless = null
})

const migration = z.object({
  id: z.string(), name: z.string(), status: z.string(),
  wayBack: z.object({ progress: z.object({ connected: z.boolean() }).nullable() }).nullable(),
  vmReturn: z.object({ status: z.string(), failureMessage: z.string().nullable() }).nullable(),
})
const waveRead = z.object({ migrations: z.array(migration) })

test('a moved VM is returned with what it wrote at the target', async () => {
  const running = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json') })
  driftless = running
  const { wave } = await mainJob(running.url, { step: () => undefined }, { rateBytesPerSecond: null, estimateAfterSeconds: 1 })
  expect(wave.migrations.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED'])
  const operator = await signIn(running.url, 'operator@alpine.example', DEMO_PASSWORD)
  const [planned] = await operator.query('migrate.waves', undefined, z.array(z.object({ id: z.string() })))
  const id = wave.migrations[0]?.id ?? ''
  const read = async () => (await operator.query('wave.read', { waveId: planned?.id }, waveRead)).migrations.find((one) => one.id === id)
  const until = (what: string, condition: () => Promise<boolean>) => eventually(what, condition, { seen: read })
  const name = (await read())?.name
  const at = async (side: 'source' | 'target') => (await labVms(running, side)).find((vm) => vm.name === name)

  /** What the portal serves under a path, in a file. */
  async function downloaded(path: string, file: string): Promise<string> {
    const response = await operator.request(path)
    expect([path, response.status]).toEqual([path, 200])
    await writeFile(join(folder, file), Buffer.from(await response.arrayBuffer()))
    return join(folder, file)
  }
  const download = (path: string) => operator.download(path, evidenceFile)
  const wavePath = `/api/evidence/waves/${planned?.id ?? ''}`

  // The evidence of the VM and of the wave, by what anybody runs with it, the log that it rests on and what was published of that.
  await until('the evidence is signed', async () => (await download(wavePath)).signature !== null && (await download(`/api/evidence/${id}`)).signature !== null)
  const signed = await download(`/api/evidence/${id}`)
  expect(signed.pack).toMatchObject({ state: 'FINAL', edition: 1, vms: [{ migrationId: id, ending: { kind: 'ACCEPTED' } }] })
  const key = ['--key', signed.signature?.key ?? '']
  // What was published first, then the log: one that is older than what is published counts as cut off.
  const anchors = join(folder, 'anchors')
  await cp(running.places.auditAnchor, anchors, { recursive: true })
  const log = ['--log', await downloaded('/api/audit-log?format=jsonl&chain=tenant/alpine', 'log.jsonl'), '--anchors', anchors]
  for (const [path, file] of [[`/api/evidence/${id}`, 'vm.json'], [`/api/evidence/${id}?format=pdf`, 'vm.pdf'], [wavePath, 'wave.json'], [`${wavePath}?format=pdf`, 'wave.pdf']] as const) {
    const { code, said } = await runCommand('verify-evidence-main.ts', await downloaded(path, file), ...key, ...log)
    expect([file, code, said]).toEqual([file, 0, expect.stringMatching(/nothing in it contradicts itself[\s\S]*of the audit log that it rests on stand there/)])
    if (file.endsWith('.pdf')) expect(said).toContain('to the byte')
    // Asked for again it is the same file.
    expect(Buffer.compare(await readFile(await downloaded(path, 'again')), await readFile(join(folder, file)))).toBe(0)
  }
  const genuine = await readFile(join(folder, 'vm.json'), 'utf8')
  await writeFile(join(folder, 'changed.json'), genuine.replace('Anna Keller', 'Mona Keller'))
  expect(await runCommand('verify-evidence-main.ts', join(folder, 'changed.json'), ...key)).toMatchObject({ code: 1, said: expect.stringContaining('The approvals were changed') })
  const [hash = ''] = signed.pack.vms[0]?.attempts[0]?.disks.map(({ targetHash }) => targetHash ?? '') ?? []
  await writeFile(join(folder, 'changed.json'), genuine.replaceAll(hash, 'ab'.repeat(32)))
  expect(await runCommand('verify-evidence-main.ts', join(folder, 'changed.json'), ...key)).toMatchObject({ code: 1, said: expect.stringContaining('The attempts (steps, times, downtime, hashes)') })

  await operator.mutate('wave.keepWayBack', { migrationId: id, keep: true }, z.unknown())
  await until('its source follows', async () => (await read())?.wayBack?.progress?.connected === true)
  // It has written at the target since it was moved.
  const moved = (await at('source'))?.acknowledgedSequence ?? 0
  await until('it has written at the target', async () => ((await at('target'))?.acknowledgedSequence ?? 0) > moved)
  const written = (await at('target'))?.acknowledgedSequence ?? 0
  expect(written).toBeGreaterThan(moved)

  await operator.mutate('validation.returnVm', { migrationId: id, reason: 'it is wanted at home', confirmedName: null }, z.unknown())
  await until('it is home', async () => (await read())?.status === 'ROLLED_BACK')
  expect((await read())?.vmReturn).toMatchObject({ status: 'RETURNED', failureMessage: null })
  await until('its source is well', async () => (await at('source'))?.health === 'HEALTHY')
  const home = await at('source')
  expect(home?.power).toBe('ON')
  // Its own ledger goes on from the newest record that it had acknowledged at the target.
  expect(home?.sequenceAtBoot ?? 0).toBeGreaterThanOrEqual(written)
  await until('nothing of it is left at the target', async () => (await at('target')) === undefined)
  // Its return has evidence of its own, beside the acceptance's.
  await until('its return is signed', async () => (await download(`/api/evidence/${id}`)).pack.edition === 2)
  const { code, said } = await runCommand('verify-evidence-main.ts', await downloaded(`/api/evidence/${id}`, 'returned.json'), ...key)
  expect([code, said]).toEqual([0, expect.stringContaining('returned')])
  // The other VM is where it was.
  expect((await labVms(running, 'target')).map((vm) => vm.power)).toEqual(['ON'])
})
