/** A source and a target agent as programs, driven by hand through a gateway of the test's own. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import type { DesiredSource, DesiredTarget, HypervisorFacts, InventoryVm, SourceObserved, TargetObserved } from '@driftless/agent-api'
import { startGateway } from '../../apps/agent/src/testing/gateway.ts'
import { eventually } from '../../apps/agent/src/testing/pair.ts'
import { startNodeProgram } from '../support/node-program.ts'
import type { Site } from './sites.ts'

const AGENT = join(ROOT, 'apps', 'agent', 'src', 'main.ts')
export const MIGRATION = 'm-1'

/** Waits are for things that take a second; beside other work on a small machine, a hundred times that. */
export const PATIENCE_SECONDS = 120

/** The one device that seeds travel on: both agents find it in the same place. */
export const DEVICE = 'device-1'

/** Starts both agents; the source must know its VM before anything can be wanted of it. `orderPublicKey`: whose orders count; left out: nothing is asked for. */
export async function startAgents(site: Site, folder: string, orderPublicKey?: string) {
  const gateway = await startGateway()
  const replicas = join(folder, 'replicas')
  const seeds = join(folder, 'seeds')
  await mkdir(join(seeds, DEVICE), { recursive: true })
  const start = (side: 'source' | 'target', token: string) =>
    startNodeProgram(AGENT, { AGENT_DATA_DIR: join(folder, `${side}-agent`), AGENT_NAME: side, GATEWAY_URL: gateway.url, ENROLMENT_TOKEN: token, REPLICA_DIR: replicas, SEED_ROOT: seeds, LOG_LEVEL: 'info', ...site.agentEnv(side) })
  const target = await start('target', gateway.invite('target', 'TARGET'))
  let source = await start('source', gateway.invite('source', 'SOURCE'))
  const until = (what: string, condition: () => boolean | Promise<boolean>) =>
    eventually(what, condition, PATIENCE_SECONDS).catch((error: unknown) => {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\nsource: ${JSON.stringify(gateway.latest.get('source')?.sources)}\n${source.output()}\ntarget: ${JSON.stringify(gateway.latest.get('target')?.targets)}\n${target.output()}`)
    })

  await until('the target listens', () => gateway.latest.get('target')?.stream != null)
  const inventory = (): InventoryVm | undefined => gateway.latest.get('source')?.inventory?.vms.find((vm) => vm.ref === site.vmRef)
  let known: InventoryVm | undefined
  await until('the source knows its VM', () => {
    known = inventory() ?? known
    return known !== undefined
  })
  if (known === undefined) throw new Error('no VM')
  const vm = known
  const stream = gateway.latest.get('target')?.stream
  if (stream == null) throw new Error('no stream')

  let wanted: DesiredSource = {
    migrationId: MIGRATION, waveId: 'w-1', vmRef: site.vmRef, stage: 'REPLICATE', attempt: 0, target: { agentId: 'target', ...stream },
    disks: vm.disks.map(({ key, sizeBytes }) => ({ key, sizeBytes })), rateBytesPerSecond: null, guestWriteBytesPerSecond: null, shutdownSeconds: PATIENCE_SECONDS,
  }
  let replica: DesiredTarget = {
    migrationId: MIGRATION, sourceAgentId: 'source', stage: 'RECEIVE', attempt: 0, acknowledgedSequence: 0,
    shape: { name: vm.name, guestOs: vm.guestOs, cpus: vm.cpus, memoryBytes: vm.memoryBytes, network: vm.network, storage: 's', disks: wanted.disks, hypervisor: vm.hypervisor },
  }
  let version = 0
  const nothing = { sources: [], targets: [], siteRateBytesPerSecond: null, observeVmRefs: [], ...(orderPublicKey === undefined ? {} : { orderPublicKey }) }

  return {
    vm,
    replicas,
    until,
    /** Says what both are to be doing from now on; what is left out stays. */
    drive(atSource: Partial<DesiredSource>, atTarget: Partial<DesiredTarget> = {}) {
      version += 1
      wanted = { ...wanted, ...atSource }
      replica = { ...replica, attempt: wanted.attempt, ...atTarget }
      gateway.setDesired('source', { ...nothing, version: `wanted-${version}`, sources: [wanted] })
      gateway.setDesired('target', { ...nothing, version: `wanted-${version}`, targets: [replica] })
    },
    /** What the source agent said last of its hypervisor. */
    sourceHypervisor: (): HypervisorFacts | null => gateway.latest.get('source')?.hypervisor ?? null,
    /** What the source agent said last. */
    source: (): SourceObserved | undefined => gateway.latest.get('source')?.sources[0],
    target: (): TargetObserved | undefined => gateway.latest.get('target')?.targets[0],
    /** The keys that an agent has for seeds. */
    seedKeys(side: 'source' | 'target') {
      const keys = gateway.latest.get(side)?.seedKeys
      if (keys == null) throw new Error(`The ${side} agent has said nothing of keys for seeds.`)
      return keys
    },
    async killSource() {
      await source.kill()
      gateway.latest.delete('source')
    },
    async restartSource() {
      source = await start('source', 'used already')
    },
    async close() {
      await source.stop()
      await target.stop()
      await gateway.close()
    },
  }
}
export type Agents = Awaited<ReturnType<typeof startAgents>>
