/** Disks by lorry while agents die: the source's in mid-export, twice, and on the way, the target's in mid-import. Guests write all along. */
import { copyFile, constants, open, readFile, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { cutOver, healthyInventory, planWave, signInAll } from '@driftless/launch/play/main-job.ts'
import { proofOf } from '@driftless/launch/play/proof.ts'
import { anything, wave } from '@driftless/launch/play/shapes.ts'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { startDriftless } from '../support/driftless.ts'
import { eventually } from '../support/eventually.ts'
import { chunkFiles, damageChunk } from './device-files.ts'

const DEVICE = 'device-1'
/** Long enough to be missed by everybody, short enough not to be waited for. */
const DOWN_MS = 1_500
/** Guests write for so long with the devices on their way, before the source's agent is killed and after. */
const ON_THE_WAY_MS = 8_000
const BLOCK_BYTES = 4096
const GOAL = 1.1
const DISKS = ['db-01-disk-0', 'web-01-disk-0']

let driftless: RunningDriftless
beforeAll(async () => {
  driftless = await startDriftless({ scenario: fileURLToPath(new URL('kills.json', import.meta.url)) })
})
afterAll(() => driftless?.stop())

const shipment = z.object({
  status: z.string(),
  vms: z.array(z.object({
    exported: z.object({ state: z.string() }), imported: z.object({ damagedChunks: z.number(), damagedBytes: z.number(), state: z.string() }),
    writtenMeanwhileBytes: z.number(), sentBytes: z.number(),
  })),
})
type Shipment = z.infer<typeof shipment>
const sum = ({ vms }: Shipment, of: (vm: Shipment['vms'][number]) => number) => vms.reduce((total, vm) => total + of(vm), 0)

async function killAndRestart(program: string): Promise<void> {
  await driftless.supervisor.kill(program)
  await pause(DOWN_MS)
  await driftless.supervisor.restart(program)
}

const filesBelow = async (folder: string, suffix: string) => (await readdir(folder, { recursive: true }).catch(() => [])).filter((name) => name.endsWith(suffix)).map((name) => join(folder, name))

/** The chunks that the source's agent counts as sealed: those in the journals of its exports. */
async function sealedChunks(): Promise<string[]> {
  const sealed: string[] = []
  for (const journal of await filesBelow(join(driftless.places.source, 'agent', 'migrations'), '.seed.journal')) {
    const facts = z.object({ seedId: z.string() }).parse(JSON.parse(await readFile(journal.replace(/journal$/, 'json'), 'utf8')))
    const lines = (await readFile(journal, 'utf8').catch(() => '')).split('\n').slice(0, -1)
    for (const line of lines) {
      const { disk, index } = z.object({ disk: z.number(), index: z.number() }).parse(JSON.parse(line))
      sealed.push(join(driftless.places.seeds, DEVICE, `driftless-seed-${facts.seedId}`, `d${disk}`, '0', `${index}.chunk`))
    }
  }
  return sealed
}

/** Kills the source's agent once so many chunks are sealed, and answers when each of them was written. */
async function killInExport(chunks: number): Promise<Map<string, bigint>> {
  await eventually(`${chunks} chunks are sealed`, async () => (await sealedChunks()).length >= chunks, { everyMs: 20 })
  await driftless.supervisor.kill('agent-source')
  const written = new Map<string, bigint>()
  for (const file of await sealedChunks()) written.set(file, (await stat(file, { bigint: true })).mtimeNs)
  await pause(DOWN_MS)
  await driftless.supervisor.restart('agent-source')
  return written
}

const seedOfReplica = z.object({ seed: z.object({ doneBytes: z.number(), totalBytes: z.number(), importedAtMs: z.number().nullable() }).nullable() })

/** What the target's agent has recorded of seeds that it has begun. */
async function importing() {
  const found: NonNullable<z.infer<typeof seedOfReplica>['seed']>[] = []
  for (const file of await filesBelow(join(driftless.places.target, 'replicas'), 'replica.json')) {
    const { seed } = seedOfReplica.parse(JSON.parse(await readFile(file, 'utf8')))
    if (seed !== null) found.push(seed)
  }
  return found
}

const inMidImport = async () => (await importing()).some(({ doneBytes, totalBytes, importedAtMs }) => doneBytes > 0 && doneBytes < totalBytes && importedAtMs === null)

const diskPath = (name: string) => join(driftless.places.source, 'lab', `${name}.raw`)
const copyPath = (name: string) => join(driftless.places.home, `${name}.before`)

/** The guests' disks as they are now, to be compared with later. */
async function rememberDisks(): Promise<void> {
  for (const name of DISKS) await copyFile(diskPath(name), copyPath(name), constants.COPYFILE_FICLONE)
}

/** What guests have changed since, in whole blocks: they never write the same twice, so that is what they wrote, each block counted once. */
async function changedBytes(): Promise<number> {
  let changed = 0
  for (const name of DISKS) {
    const [before, after] = await Promise.all([open(copyPath(name)), open(diskPath(name))])
    const [a, b] = [Buffer.alloc(4 * 1024 * 1024), Buffer.alloc(4 * 1024 * 1024)]
    for (let at = 0; ; at += a.length) {
      const { bytesRead } = await before.read(a, 0, a.length, at)
      await after.read(b, 0, b.length, at)
      for (let block = 0; block < bytesRead; block += BLOCK_BYTES) if (a.compare(b, block, block + BLOCK_BYTES, block, block + BLOCK_BYTES) !== 0) changed += BLOCK_BYTES
      if (bytesRead < a.length) break
    }
    await Promise.all([before.close(), after.close(), rm(copyPath(name))])
  }
  return changed
}

test('agents killed in mid-export, on the way and in mid-import: nothing sealed is exported again, and the line carries what was written', async () => {
  const people = await signInAll(driftless.url)
  const { operator, scheduler } = people
  const vms = await healthyInventory(operator)
  const waveId = await planWave(operator, vms, { rateBytesPerSecond: null })
  const { migrations } = await operator.query('wave.read', { waveId }, wave)
  await rememberDisks()
  const { shipmentId } = await operator.mutate('shipments.begin', { waveId, migrationIds: migrations.map(({ id }) => id), places: [DEVICE], transitDays: 3 }, z.object({ shipmentId: z.string() }))
  await operator.mutate('wave.start', { waveId }, anything)
  const until = (status: string) => eventually(`the shipment is ${status}`, async () => {
    const seen = await operator.query('shipments.read', { shipmentId }, shipment)
    return seen.status === status && seen
  })

  const first = await killInExport(8)
  const second = await killInExport(first.size + 16)
  await until('PREPARED')
  const device = join(driftless.places.seeds, DEVICE)
  const files = await chunkFiles(device)
  // Every chunk that counted when an agent died is the file that it was.
  for (const [file, mtimeNs] of [...first, ...second]) expect((await stat(file, { bigint: true })).mtimeNs, file).toBe(mtimeNs)
  expect(first.size).toBeGreaterThanOrEqual(8)
  expect(second.size).toBeGreaterThanOrEqual(first.size + 16)
  expect(files.length).toBeGreaterThan(second.size)
  expect(new Set(files.map((file) => dirname(dirname(dirname(file))))).size).toBe(vms.length)

  await operator.mutate('shipments.handOver', { shipmentId, carrier: 'Swiss Post', trackingNumber: '99.60.123456', handedOverAt: new Date(), seals: [], note: '' }, anything)
  await until('HANDED_OVER')
  await damageChunk(device)
  await pause(ON_THE_WAY_MS)
  await killAndRestart('agent-source')
  await pause(ON_THE_WAY_MS)
  await scheduler.mutate('shipments.receive', { shipmentId, sealsIntact: true, note: '' }, anything)
  await scheduler.mutate('shipments.import', { shipmentId, places: [DEVICE] }, anything)
  await eventually('a part is imported', inMidImport, { everyMs: 10 })
  await driftless.supervisor.kill('agent-target')
  expect(await inMidImport()).toBe(true)
  await pause(DOWN_MS)
  await driftless.supervisor.restart('agent-target')

  const caughtUp = await until('CAUGHT_UP')
  const unique = await changedBytes()
  const [sent, written, damaged] = [sum(caughtUp, ({ sentBytes }) => sentBytes), sum(caughtUp, ({ writtenMeanwhileBytes }) => writtenMeanwhileBytes), sum(caughtUp, ({ imported }) => imported.damagedBytes)]
  console.log(`${files.length} chunks; sealed at the kills ${first.size} and ${second.size}; unique ${unique}, remembered at the import ${written}, damaged ${damaged}, sent ${sent}`)
  expect(sum(caughtUp, ({ imported }) => imported.damagedChunks)).toBe(1)
  expect(sent).toBeLessThanOrEqual(GOAL * (unique + damaged))
  // Data shrinks on the wire; what was remembered does not.
  expect(written).toBeLessThanOrEqual(GOAL * unique)

  const proof = proofOf(await cutOver(people, waveId, vms, { step: () => undefined }))
  expect(proof.faults).toEqual([])
  expect(proof).toMatchObject({ vms: 2, disks: 2 })
})
