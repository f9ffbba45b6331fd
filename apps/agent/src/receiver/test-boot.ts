import { access, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openFileDevice, serveNbd } from '@driftless/nbd'
import type { DesiredTarget, GuestState, Problem, TargetTestObserved } from '@driftless/agent-api'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import { OverlayDevice } from './overlay-device.ts'
import type { MomentKeeper, Replica } from './replica.ts'
import type { ReplicaStore } from './replica-store.ts'
import { socketNameOf } from './served-disks.ts'
import { testRefOf } from './shadow.ts'
import { SnapshotDevice } from './snapshot-device.ts'
import { TestRoom } from './test-room.ts'

/** Of what is free in the store when a test begins it may take this share: replication goes before it. */
const ROOM_SHARE = 0.5

/** Rounds in which the test VM could not be started before that is told, and the test ends. */
const TELL_AFTER_FAILURES = 10

type Wanted = NonNullable<DesiredTarget['test']>

interface Moment {
  readonly moment: number
  readonly snapshot: SnapshotDevice
  readonly sidePath: string
}

interface Running {
  readonly id: string
  readonly room: TestRoom
  readonly moments: Map<string, Moment>
  readonly closers: (() => Promise<void>)[]
  state: TargetTestObserved['state']
  guest: GuestState | null
  problem: Problem | null
  failures: number
}

export interface TestBootOptions {
  migrationId: string
  store: ReplicaStore
  hypervisor: Hypervisor
  nbdDirectory: string
}

/**
 * The test VM of one replica: booted from one moment of it, apart from every network, while replication goes on.
 *
 *   stream ─▶ replica file ◀─ read ─ SnapshotDevice ◀─ OverlayDevice ◀─NBD─ test VM
 *               │ before a change      │ saved pieces     │ its own writes
 *               └──────────────────▶ test/…saved        test/…written
 *
 * Everything of it lies in the replica's `test` folder. A test does not outlive the agent: which pieces were saved is known in
 * memory only. What a killed agent left is removed before anything else.
 */
export class TestBoot implements MomentKeeper {
  readonly #options: TestBootOptions
  readonly #ref: string
  #running: Running | null = null
  #replica: Replica | null = null
  /** Nothing of an earlier test is left. */
  #clean = false

  constructor(options: TestBootOptions) {
    this.#options = options
    this.#ref = testRefOf(options.migrationId)
  }

  get observed(): TargetTestObserved | null {
    if (this.#running === null) return null
    const { id, state, guest, room, problem } = this.#running
    return { id, state, guest, usedBytes: room.takenBytes, problem }
  }

  /** Brings the test to what is wanted. Never rejects: a test's trouble is its own, replication goes on. */
  async converge(wanted: Wanted | null, replica: Replica, shape: DesiredTarget['shape']): Promise<void> {
    try {
      if (wanted === null || this.#running?.id !== wanted.id) await this.end()
      if (wanted === null) return
      if (this.#running === null) await this.#begin(wanted.id, replica)
      if (this.#running !== null) await this.#advance(this.#running, wanted, replica, shape)
    } catch (error) {
      if (this.#running !== null) this.#running.problem = { code: 'TEST_NOT_REMOVED', message: `The test VM could not be removed: ${messageOf(error)}. Power it off at the target; the rest is removed then.`.slice(0, 500) }
    }
  }

  async #advance(running: Running, wanted: Wanted, replica: Replica, shape: DesiredTarget['shape']): Promise<void> {
    if (running.state === 'LOST') return
    const lost = whyLost(running, wanted, replica)
    if (lost !== null) return this.#lose(running, lost)
    if (wanted.point === null) return
    try {
      if (running.state === 'WAITING') await this.#boot(running, wanted.point.acknowledgedSequence, shape)
      running.guest = (await this.#options.hypervisor.findVm(this.#ref))?.guest ?? null
      running.failures = 0
    } catch (error) {
      running.failures += 1
      if (running.failures >= TELL_AFTER_FAILURES) running.problem = { code: 'TEST_FAILED', message: `The test VM could not be started: ${messageOf(error)}`.slice(0, 500) }
    }
  }

  /** Removes the test VM and everything of the test; the replica is as if it had never been. Rejects when the VM does not go off. */
  async end(): Promise<void> {
    const { store, migrationId } = this.#options
    // The folder is the first thing that a test makes and the last that it removes.
    if (this.#running === null && (this.#clean ||= !(await exists(store.testFolder(migrationId))))) return
    await this.#removeVm()
    await this.#release()
    await rm(store.testFolder(migrationId), { recursive: true, force: true })
    this.#running = null
    this.#clean = true
  }

  /** The agent stops. What cannot be removed now is removed when it starts again. */
  async close(): Promise<void> {
    if (this.#running === null) return
    await this.end().catch(() => this.#release())
  }

  async point(diskKey: string, moment: number): Promise<void> {
    const running = this.#running
    const replica = this.#replica
    if (running === null || replica === null || running.state !== 'WAITING') return
    try {
      await this.#forget(running, diskKey)
      const sidePath = join(this.#options.store.testFolder(this.#options.migrationId), `${diskKey}-${moment}.saved`)
      const device = await replica.device(diskKey)
      const side = await openFileDevice(sidePath, { create: { sizeBytes: device.sizeBytes } })
      running.moments.set(diskKey, { moment, sidePath, snapshot: new SnapshotDevice(device, side, running.room) })
      if (this.#replica !== replica) await this.#forget(running, diskKey) // ended meanwhile
    } catch (error) {
      // Replication does not fail for a test.
      running.problem = { code: 'TEST_FAILED', message: `The moment could not be kept: ${messageOf(error)}. Check the target's storage.`.slice(0, 500) }
    }
  }

  beforeChange(diskKey: string, offset: number, length: number): Promise<void> | undefined {
    return this.#running?.moments.get(diskKey)?.snapshot.beforeChange(offset, length)
  }

  async #begin(id: string, replica: Replica): Promise<Running> {
    await this.end()
    const { store, migrationId } = this.#options
    if (store.disks.direct) {
      this.#running = notAvailable(id)
      return this.#running
    }
    await mkdir(store.testFolder(migrationId), { recursive: true })
    const { freeBytes } = await store.room()
    const running: Running = { id, room: new TestRoom(Math.floor(freeBytes * ROOM_SHARE)), moments: new Map(), closers: [], state: 'WAITING', guest: null, problem: null, failures: 0 }
    this.#clean = false
    this.#running = running
    this.#replica = replica
    replica.setKeeper(this)
    return running
  }

  async #boot(running: Running, acknowledgedSequence: number, shape: DesiredTarget['shape']): Promise<void> {
    const { store, migrationId, nbdDirectory, hypervisor } = this.#options
    await this.#removeVm() // of a try that failed
    await this.#stopServing(running)
    const disks: { key: string; sizeBytes: number; path: string; socketPath: string }[] = []
    // In the shape's order: a guest boots from its first disk.
    for (const { key } of shape.disks) {
      const snapshot = running.moments.get(key)?.snapshot
      if (snapshot === undefined) throw new Error(`no moment of disk "${key}" was kept`)
      const path = join(store.testFolder(migrationId), `${key}.written`)
      const socketPath = join(nbdDirectory, socketNameOf(`test/${migrationId}`, key))
      await rm(path, { force: true })
      const overlay = new OverlayDevice(snapshot, await openFileDevice(path, { create: { sizeBytes: snapshot.sizeBytes } }), running.room)
      running.closers.push(() => overlay.close())
      const server = await serveNbd({ socketPath, exportName: key, device: overlay })
      running.closers.push(() => server.close())
      disks.push({ key, sizeBytes: snapshot.sizeBytes, path, socketPath })
    }
    const { name, guestOs, cpus, memoryBytes, network, storage, hypervisor: shadowNeeds } = shape
    await hypervisor.createShadow({ ref: this.#ref, name: `${name} (test)`, guestOs, cpus, memoryBytes, network, storage, isolated: true, acknowledgedSequence, shadowNeeds, disks })
    await hypervisor.powerOn(this.#ref)
    running.state = 'BOOTED'
  }

  async #lose(running: Running, why: string): Promise<void> {
    running.state = 'LOST'
    running.problem = { code: 'TEST_LOST', message: why.slice(0, 500) }
    running.guest = null
    await this.#removeVm()
    await this.#release()
  }

  async #removeVm(): Promise<void> {
    const { hypervisor } = this.#options
    const vm = await hypervisor.findVm(this.#ref)
    if (vm === null) return
    if (vm.guest.power !== 'OFF') await hypervisor.powerOff(this.#ref)
    await hypervisor.removeVm(this.#ref)
  }

  /** Lets the replica and all files go. */
  async #release(): Promise<void> {
    this.#replica?.setKeeper(null)
    this.#replica = null
    if (this.#running === null) return
    await this.#stopServing(this.#running)
    for (const key of this.#running.moments.keys()) await this.#forget(this.#running, key)
  }

  async #stopServing(running: Running): Promise<void> {
    for (const close of running.closers.splice(0).reverse()) await close()
  }

  /** A moment that was marked in vain, or is no longer needed. */
  async #forget(running: Running, diskKey: string): Promise<void> {
    const moment = running.moments.get(diskKey)
    if (moment === undefined) return
    running.moments.delete(diskKey)
    await moment.snapshot.close()
    await rm(moment.sidePath, { force: true })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false)

/** A test that is over before it has begun. */
const notAvailable = (id: string): Running => ({
  id, room: new TestRoom(0), moments: new Map(), closers: [], state: 'LOST', guest: null, failures: 0,
  problem: { code: 'TEST_NOT_AVAILABLE', message: 'Test boots are not available yet on this target\'s hypervisor: VMs run from the replica\'s disks there directly, and a test must not write to them. Replication goes on; a cutover that fails its check is undone.' },
})

/** Why the test cannot begin, or go on, from the moment that the source has marked; null: it can. */
function whyLost({ moments }: Running, { point }: Wanted, replica: Replica): string | null {
  for (const { snapshot } of moments.values()) if (snapshot.lost !== null) return `The moment that was tested is no longer whole: ${snapshot.lost.message} Start the test again.`
  if (point === null || replica.record.disks.every(({ key }) => moments.get(key)?.moment === point.moment)) return null
  return 'The target agent was started anew, or the link broke, and the moment that was tested is lost. Replication was not touched by it. Start the test again.'
}
