import { randomFillSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { access, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { connectNbd, openFileDevice } from '@driftless/nbd'
import type { DesiredTarget, GuestState, TargetTestObserved } from '@driftless/agent-api'
import { FaultInjection } from '../block/fault-injection.ts'
import { TokenBucket } from '../block/token-bucket.ts'
import { WriteGate } from '../block/write-gate.ts'
import type { Hold } from '../block/write-gate.ts'
import type { ShadowVm } from '../hypervisors/hypervisor.ts'
import { CrashPoint } from '../replicator/crash-point.ts'
import { DiskReplicator } from '../replicator/disk-replicator.ts'
import { filteredTap } from '../tap/served-tap.ts'
import { fakeHypervisor } from '../testing/fake-hypervisor.ts'
import { desiredTarget, eventually, seededRandom, startTarget } from '../testing/pair.ts'

const MIB = 1024 * 1024
const SIZE = 4 * MIB
const DISKS = ['disk-0', 'disk-1'].map((key) => ({ key, sizeBytes: SIZE }))

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Takes a copy of the files in the instant in which the writes are held. */
class CapturingGate extends WriteGate {
  readonly captured: Buffer[][] = []
  readonly #paths: string[]

  constructor(paths: string[]) {
    super()
    this.#paths = paths
  }

  override async hold(limitMs: number): Promise<Hold | null> {
    const hold = await super.hold(limitMs)
    if (hold !== null) this.captured.push(this.#paths.map((path) => readFileSync(path)))
    return hold
  }
}

const guest: GuestState = { power: 'ON', health: 'HEALTHY', healthDetail: null, acknowledgedSequence: 7, sequenceAtBoot: 0, firstWriteAtMs: null, lastWriteAtMs: null }

/** A VM of two disks under a load that never rests, replicated to a real target agent. */
async function setUp() {
  const shadows = fakeHypervisor([])
  const created: ShadowVm[] = []
  const hypervisor = { ...shadows, createShadow: (shadow: ShadowVm) => (created.push(shadow), shadows.createShadow(shadow)) }
  const target = await startTarget({ hypervisor })
  cleanups.push(target.close)
  const paths = DISKS.map(({ key }) => join(target.directory, `source-${key}.raw`))
  const gate = new CapturingGate(paths)
  const disks = await Promise.all(DISKS.map(async ({ key, sizeBytes }, at) => {
    const file = await openFileDevice(paths[at] ?? '', { create: { sizeBytes } })
    // Reads take a while: the guest must not go on before the last of them.
    const device = new FaultInjection(file, (call) => new Promise((resolve) => (call === 'read' ? setTimeout(resolve, 5) : resolve())))
    await device.write(0, randomFillSync(Buffer.alloc(MIB)))
    const tap = filteredTap({ key, usedBytes: sizeBytes, device }, { throttle: new TokenBucket(), gate, statePath: '' })
    const replicator = new DiskReplicator({ disk: { migrationId: 'm-1', diskKey: key, sizeBytes }, tap, credentials: target.source, buckets: [], tablePath: join(target.directory, `${key}.pieces`), now: Date.now })
    replicator.setTarget(target.target)
    replicator.start()
    cleanups.push(() => tap.close(), () => replicator.stop())
    return { tap, replicator }
  }))
  const apply = (wanted: DesiredTarget['test'], changes: Partial<DesiredTarget> = {}) => target.apply(desiredTarget('m-1', DISKS, { test: wanted, ...changes }))
  const observed = async (): Promise<TargetTestObserved | null> => (await target.report()).targets[0]?.test ?? null
  apply(null)
  await eventually('the first copy is done', () => disks.every(({ replicator: { sync, connected } }) => connected && sync.sweepComplete))
  let writes = 0
  let resting = false
  const load = (async () => {
    const random = seededRandom(3)
    while (!resting) {
      // First the one disk, instant, only after that was acknowledged, the other: an image that has the second has the first.
      // Every other write goes to the same few blocks: those are dirty at any moment, and change in the next.
      const offset = Math.floor(random() * (writes % 2 === 0 ? 8 * 4096 : SIZE - 8192))
      const data = Buffer.alloc(Math.ceil(random() * 8192), writes % 251)
      for (const { tap } of disks) await tap.guest.write(offset, data)
      writes += 1
      if (writes % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })()
  const rest = async () => {
    resting = true
    await load
  }
  cleanups.push(rest)
  const takePoint = async (testId: string) => {
    const point = new CrashPoint({ testId, gate, disks, findGuest: () => Promise.resolve(guest), now: Date.now, changed: () => {} })
    cleanups.push(() => point.stop())
    await eventually('the moment is marked', () => point.observed.point !== null || point.observed.problem !== null, 60)
    expect(point.observed.problem).toBeNull()
    const taken = point.observed.point
    if (taken === null) throw new Error('no moment')
    return { moment: taken.moment, acknowledgedSequence: taken.acknowledgedSequence }
  }
  /** A test VM that runs from a moment of the VM, and what its disks were instant. */
  const bootTest = async (testId: string) => {
    apply({ id: testId, point: null })
    await eventually('the target waits for the moment', async () => (await observed())?.id === testId)
    const point = await takePoint(testId)
    apply({ id: testId, point })
    await eventually('the test VM runs', async () => (await observed())?.guest?.health === 'HEALTHY')
    const shadow = created.at(-1)
    const instant = gate.captured.at(-1)
    if (shadow === undefined || instant === undefined) throw new Error('no test VM')
    return { shadow, instant, point }
  }
  /** The load rests, and what the target has is what the source has. */
  const identical = async () => {
    await rest()
    await eventually('the target has everything', () => disks.every(({ replicator }) => replicator.sync.isClean))
    for (const [at, { key }] of DISKS.entries()) expect((await readFile(target.replicaPath('m-1', key))).equals(await readFile(paths[at] ?? ''))).toBe(true)
  }
  return { target, shadows, gate, disks, apply, observed, bootTest, identical, writes: () => writes }
}

async function readDisk(disk: ShadowVm['disks'][number] | undefined): Promise<Buffer> {
  if (disk === undefined) throw new Error('no such disk')
  const client = await connectNbd({ socketPath: disk.socketPath, exportName: disk.key, reconnect: { forSeconds: 5 } })
  const content = Buffer.alloc(disk.sizeBytes)
  await client.read(0, content)
  await client.close()
  return content
}

const gone = (path: string): Promise<boolean> => access(path).then(() => false, () => true)

describe('a test boot', () => {
  test('shows every disk as it was in one instant, while replication goes on, and leaves no trace', { timeout: 90_000 }, async () => {
    const { target, shadows, apply, observed, bootTest, identical, writes } = await setUp()
    const socketsBefore = (await readdir(target.directory)).filter((name) => name.endsWith('.sock'))
    const { shadow, instant } = await bootTest('t-1')
    expect(shadow).toMatchObject({ ref: 'test-m-1', name: 'vm (test)', isolated: true, acknowledgedSequence: 7 })
    const before = writes()
    for (const [at, disk] of shadow.disks.entries()) expect((await readDisk(disk)).equals(instant[at] ?? Buffer.alloc(0))).toBe(true)
    const [disk] = shadow.disks
    if (disk === undefined) throw new Error('no disk')
    const inside = await connectNbd({ socketPath: disk.socketPath, exportName: disk.key, reconnect: { forSeconds: 5 } })
    await inside.write(MIB - 10, Buffer.from('written in the test'))
    await inside.flush()
    await inside.close()
    // Replication goes over all of it; the test still sees its own instant.
    await eventually('the load has gone on for a while', () => writes() > before + 3000, 60)
    const wanted = Buffer.from(instant[0] ?? Buffer.alloc(0))
    wanted.write('written in the test', MIB - 10)
    expect((await readDisk(disk)).equals(wanted)).toBe(true)
    expect((await readDisk(shadow.disks[1])).equals(instant[1] ?? Buffer.alloc(0))).toBe(true)
    expect((await observed())?.usedBytes).toBeGreaterThan(0)
    apply(null)
    await eventually('the test is gone', async () => (await observed()) === null)
    expect(shadows.calls).toEqual(['create test-m-1 7', 'power-on test-m-1', 'power-off test-m-1', 'remove test-m-1'])
    expect(await gone(target.store.testFolder('m-1'))).toBe(true)
    expect((await readdir(target.directory)).filter((name) => name.endsWith('.sock'))).toEqual(socketsBefore)
    await identical()
  })

  test('a restarted agent says that the test is lost, removes it, and replicates on', { timeout: 90_000 }, async () => {
    const { target, shadows, apply, observed, bootTest, identical } = await setUp()
    const { point } = await bootTest('t-1')
    await target.restart()
    apply({ id: 't-1', point })
    await eventually('the loss is told', async () => (await observed())?.state === 'LOST')
    expect((await observed())?.problem).toMatchObject({ code: 'TEST_LOST' })
    expect(shadows.vms).toEqual([])
    apply(null)
    await eventually('the test is gone', async () => (await observed()) === null)
    expect(await gone(target.store.testFolder('m-1'))).toBe(true)
    // And another one can be started.
    const again = await bootTest('t-2')
    expect((await readDisk(again.shadow.disks[0])).equals(again.instant[0] ?? Buffer.alloc(0))).toBe(true)
    apply(null, { stage: 'VERIFY', attempt: 1 })
    await eventually('a cutover ends it', async () => (await observed()) === null)
    await identical()
  })

  test('what a killed agent left of a test is removed before anything else', { timeout: 60_000 }, async () => {
    const { target, shadows, apply, identical } = await setUp()
    const folder = target.store.testFolder('m-1')
    await mkdir(folder)
    await writeFile(join(folder, 'disk-0.written'), 'left over')
    shadows.vms.push({ ref: 'test-m-1', path: '', socketPath: '', sizeBytes: SIZE, power: 'ON', health: 'UNKNOWN', obeys: false })
    await target.restart()
    apply(null)
    await eventually('the rest is gone', () => gone(folder))
    expect(shadows.calls).toEqual(['power-off test-m-1', 'remove test-m-1'])
    await identical()
  })

  test('a guest is never held for longer than the limit: the try fails, it writes on, and that is told', { timeout: 60_000 }, async () => {
    const { target, gate, disks, apply, identical, writes } = await setUp()
    apply({ id: 't-1', point: null })
    expect(gate.enter()).toBeNull() // a write that does not end
    const point = new CrashPoint({ testId: 't-1', gate, disks, findGuest: () => Promise.resolve(guest), now: Date.now, changed: () => {} })
    await eventually('the failure is told', () => point.observed.problem !== null, 30)
    expect(point.observed.problem?.message).toContain('longer than the 250 ms')
    const before = writes()
    await eventually('the guest writes on', () => writes() > before + 100)
    gate.leave()
    await eventually('the next try succeeds', () => point.observed.point !== null, 30)
    expect(point.observed.problem).toBeNull()
    await point.stop()
    expect((await target.report()).targets[0]?.problem).toBeNull()
    await identical()
  })
})
