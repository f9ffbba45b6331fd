import { setTimeout as pause } from 'node:timers/promises'
import { forecastAgain } from '@driftless/db'
import { evidenceFile } from '@driftless/evidence'
import type { EvidenceFile } from '@driftless/evidence'
import { z } from 'zod'
import { DEMO_PASSWORD, DEMO_PEOPLE } from '../../prisma/seed/demo.ts'
import { signIn } from './portal.ts'
import type { Person } from './portal.ts'
import { anything, destinations, estimate, inventory, wave } from './shapes.ts'
import type { PlayVm, PlayWave } from './shapes.ts'

const OBSERVATION_SECONDS = 12
const SIMULATED_RUNS = 200
/** A person would give up on a first page after this. */
const INVENTORY_PATIENCE_MS = 90_000
/** The issue's own limit for everything, set-up included, is ten minutes. */
const JOB_PATIENCE_MS = 8 * 60_000
const LOOK_EVERY_MS = 500
/** It takes seconds. */
const SIGNING_PATIENCE_MS = 60_000
const ENDED = ['COMPLETED', 'ROLLED_BACK', 'FAILED', 'CANCELLED']

/** What the job tells while it runs: for the terminal of `--play`, and for tests that meddle. */
export type JobWatcher = {
  readonly step: (what: string) => void
  readonly progress?: (seen: PlayWave, controls: JobControls) => Promise<void> | void
}
/** What a watcher may change of the wave that it watches. */
export type JobControls = {
  /** The wave's cap on its replication from now on; null: none. */
  readonly setRate: (bytesPerSecond: number | null) => Promise<void>
}
export type JobOptions = {
  readonly rateBytesPerSecond: number | null
  /** The estimate is read after so long; when the observation is over where it is left out. */
  readonly estimateAfterSeconds?: number
}
export type JobResult = { readonly wave: PlayWave; readonly evidence: readonly EvidenceFile[]; readonly vms: readonly PlayVm[] }

/**
 * The whole main job through the portal's own interface, as three people: estimate, plan, start, book, approve, go, cut
 * over, collect the evidence. Resolves when every migration has ended, well or not; rejects when it can't go on.
 */
export async function mainJob(origin: string, watcher: JobWatcher, options: JobOptions): Promise<JobResult> {
  const people = await signInAll(origin)
  const { operator, scheduler, approver } = people
  watcher.step(`signed in as ${operator.email}, ${scheduler.email} and ${approver.email}`)

  const vms = await healthyInventory(operator)
  watcher.step(`${vms.length} VMs with ${count(vms)} disks are running and healthy at the source`)

  await observe(operator, vms, watcher, options)
  const waveId = await planWave(operator, vms, options)
  await operator.mutate('wave.start', { waveId }, anything)
  watcher.step('wave planned and started')
  return cutOver(people, waveId, vms, watcher)
}

/** The three people of the demo that a move takes. */
export type JobPeople = { readonly operator: Person; readonly scheduler: Person; readonly approver: Person }

/** Signs them in. */
export async function signInAll(origin: string): Promise<JobPeople> {
  const as = (role: (typeof DEMO_PEOPLE)[number]['role']) => signIn(origin, DEMO_PEOPLE.find((person) => person.role === role)?.email ?? '', DEMO_PASSWORD)
  return { operator: await as('CUSTOMER_OPERATOR'), scheduler: await as('PROVIDER_SCHEDULER'), approver: await as('CUSTOMER_APPROVER') }
}

/** Books a window that begins now for a wave that was started, approves it, says go once asked, and collects the evidence when all has ended. */
export async function cutOver({ operator, scheduler, approver }: JobPeople, waveId: string, vms: readonly PlayVm[], watcher: JobWatcher): Promise<JobResult> {
  const startsAt = new Date()
  const bookingId = await operator.mutate('windows.book', { waveId, startsAt, endsAt: new Date(startsAt.getTime() + 3_600_000), note: 'Booked by the play.' }, z.string())
  await scheduler.mutate('windows.decide', { bookingId, approve: true, reason: 'Approved by the play.' }, anything)
  watcher.step('service window booked by the operator, approved by the scheduler')

  const ended = await untilEnded(operator, approver, waveId, bookingId, watcher)
  const completed = ended.migrations.filter((migration) => migration.status === 'COMPLETED')
  return { wave: ended, vms, evidence: await Promise.all(completed.map((migration) => signedEvidence(operator, migration.id))) }
}

/** The evidence of a VM, which is signed once its entries stand in the audit log. */
async function signedEvidence(operator: Person, migrationId: string): Promise<EvidenceFile> {
  const deadline = Date.now() + SIGNING_PATIENCE_MS
  for (;;) {
    const file = await operator.download(`/api/evidence/${migrationId}`, evidenceFile)
    if (file.signature !== null || Date.now() > deadline) return file
    await pause(LOOK_EVERY_MS)
  }
}

const count = (vms: readonly PlayVm[]) => vms.reduce((sum, vm) => sum + vm.disks.length, 0)

/** The VMs, once the agent has reported them and every guest has checked its own disks. */
export async function healthyInventory(operator: Person): Promise<PlayVm[]> {
  const deadline = Date.now() + INVENTORY_PATIENCE_MS
  for (;;) {
    const vms = await operator.query('migrate.inventory', undefined, inventory)
    if (vms.length > 0 && vms.every((vm) => vm.health === 'HEALTHY')) return vms
    if (Date.now() > deadline) throw new Error(`The source's guests are not all healthy: ${vms.map((vm) => `${vm.name} ${vm.power} ${vm.health}`).join(', ') || 'no VM was reported'}.`)
    await pause(LOOK_EVERY_MS)
  }
}

async function observe(operator: Person, vms: readonly PlayVm[], watcher: JobWatcher, { estimateAfterSeconds = OBSERVATION_SECONDS }: JobOptions): Promise<void> {
  const estimateId = await operator.mutate('estimate.start', { siteId: vms[0]?.siteId, name: 'Before the play', vmIds: vms.map((vm) => vm.id), durationSeconds: OBSERVATION_SECONDS, shippingDays: 3 }, z.string())
  await pause(estimateAfterSeconds * 1000)
  const { input } = await operator.query('estimate.read', { estimateId }, estimate)
  const { enough, identicalSeconds: { p50, p90 }, cutoverSeconds } = forecastAgain({ input, runs: SIMULATED_RUNS, sources: [] })
  const seconds = (value: number | null) => (value === null ? 'never' : `${value.toFixed(1)} s`)
  watcher.step(`estimate after ${estimateAfterSeconds} s${enough ? '' : ' (too little to rest on)'}: copy P50 ${seconds(p50)}, P90 ${seconds(p90)}; a cutover needs at most ${seconds(cutoverSeconds.p90)}`)
}

/** Plans a wave that cuts over by itself; it is not started yet. */
export async function planWave(operator: Person, vms: readonly PlayVm[], options: JobOptions): Promise<string> {
  const [destination] = await operator.query('migrate.destinations', undefined, destinations)
  if (!destination) throw new Error('The customer has no destination.')
  const network = (name: string) => destination.networkMap.find((mapping) => mapping.source === name)?.target ?? destination.defaultNetwork
  const { waveId } = await operator.mutate(
    'migrate.planWave',
    {
      name: 'First wave', siteId: vms[0]?.siteId, destinationId: destination.id, cutoverMode: 'AUTOMATIC', rateBytesPerSecond: options.rateBytesPerSecond,
      vms: vms.map((vm) => ({ vmId: vm.id, network: network(vm.network), storage: destination.storages[0], cpus: vm.cpus, memoryBytes: vm.memoryBytes })),
    },
    z.object({ waveId: z.string() }),
  )
  return waveId
}

/** Watches until every migration has ended, or one is stuck where only a person could help; the approver says go once asked. */
async function untilEnded(operator: Person, approver: Person, waveId: string, bookingId: string, watcher: JobWatcher): Promise<PlayWave> {
  const deadline = Date.now() + JOB_PATIENCE_MS
  const controls: JobControls = {
    setRate: async (rateBytesPerSecond) => void (await operator.mutate('wave.control', { waveId, rateBytesPerSecond }, anything)),
  }
  for (;;) {
    const seen = await operator.query('wave.read', { waveId }, wave)
    await watcher.progress?.(seen, controls)
    if (seen.migrations.every((migration) => ENDED.includes(migration.status))) return seen
    if (!seen.goNoGo && seen.migrations.some((migration) => migration.waitReason === 'GO_NO_GO')) {
      const { planHash } = await approver.query('wave.approvals', { waveId }, z.object({ planHash: z.string() }))
      await approver.mutate('wave.decideGoNoGo', { waveId, bookingId, decision: 'GO', reason: null, planHash }, anything)
      watcher.step('the approver said go')
    }
    const failed = seen.migrations.find((migration) => migration.waitReason === 'CUTOVER_FAILED')
    if (failed) throw new Error(`The cutover of ${failed.name} failed: ${failed.attempts.at(-1)?.failureCode ?? ''} ${failed.attempts.at(-1)?.failureMessage ?? ''}`)
    if (Date.now() > deadline) throw new Error(`Not done after ${JOB_PATIENCE_MS / 1000} s: ${seen.migrations.map((migration) => `${migration.name} ${migration.status} ${migration.waitReason ?? ''} ${migration.waitDetail ?? ''}`).join('; ')}`)
    await pause(LOOK_EVERY_MS)
  }
}
