import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { DesiredTarget } from '@driftless/agent-api'
import type { BlockDevice } from '@driftless/nbd'
import { noOrders } from '../orders/order-authority.ts'
import type { Orders } from '../orders/order-authority.ts'
import { workingHypervisor } from '../hypervisors/working-hypervisor.ts'
import type { Hypervisor } from '../hypervisors/hypervisor.ts'
import { FileReplicaDisks } from '../receiver/file-replica-disks.ts'
import { ReplicaStore } from '../receiver/replica-store.ts'
import { TargetRole } from '../receiver/target-role.ts'
import type { SeedKit } from '../seed/kit.ts'
import type { Credentials } from '../stream/identity.ts'
import { testAuthority } from './certificates.ts'

/** For tests: a random number generator with a seed (mulberry32); 0 to 1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** For tests: a hypervisor without any VM. */
export const emptyHypervisor: Hypervisor = {
  describe: () => Promise.resolve(workingHypervisor('LAB', 'an empty one', [])),
  capabilities: { tap: 'ALWAYS' },
  listVms: () => Promise.resolve([]),
  findVm: () => Promise.resolve(null),
  powerOn: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
  powerOff: () => Promise.resolve(),
  createShadow: () => Promise.resolve(),
  removeVm: () => Promise.resolve(),
}

/** For tests: what the target is told of one migration. */
export function desiredTarget(migrationId: string, disks: { key: string; sizeBytes: number }[], changes: Partial<DesiredTarget> = {}): DesiredTarget {
  return {
    migrationId,
    sourceAgentId: 'source-1',
    stage: 'RECEIVE',
    attempt: 0,
    acknowledgedSequence: 0,
    shape: { name: 'vm', guestOs: 'lab', cpus: 1, memoryBytes: 1024, network: 'n', storage: 's', disks, hypervisor: {} },
    ...changes,
  }
}

/** For tests: a real target role on loopback with a store in a temporary folder, and credentials for both ends, of its own unless given. */
export async function startTarget(options: { hypervisor?: Hypervisor; quotaBytes?: number | null; open?: (path: string) => Promise<BlockDevice>; credentials?: Credentials; orders?: Orders; seeds?: (directory: string) => Promise<SeedKit> } = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'dl-agent-'))
  const authority = await testAuthority()
  const credentials = options.credentials ?? (await authority.issue('target-1'))
  const files = new FileReplicaDisks({ directory: join(directory, 'replicas'), ...(options.open && { open: options.open }) })
  const store = new ReplicaStore({ directory: join(directory, 'replicas'), disks: options.hypervisor?.replicaDisks ?? files, quotaBytes: options.quotaBytes ?? null })
  const seeds = await options.seeds?.(directory)
  const make = (port: number) =>
    new TargetRole({
      credentials, store, hypervisor: options.hypervisor ?? emptyHypervisor, nbdDirectory: directory,
      orders: options.orders ?? noOrders, streamHost: '127.0.0.1', streamPort: port, log: pino({ enabled: false }), changed: () => {}, seeds,
    })
  let role = make(0)
  await role.start()
  const apply = (...targets: DesiredTarget[]) =>
    role.apply({ version: '1', sources: [], targets, siteRateBytesPerSecond: null, observeVmRefs: [] })
  return {
    directory, authority, store, apply,
    /** The file of a replica's disk. */
    replicaPath: (migrationId: string, key: string) => files.pathOf({ migrationId, key }),
    source: await authority.issue('source-1'),
    target: { agentId: credentials.agentId, host: '127.0.0.1', port: role.streamPort },
    report: () => role.report(),
    useNewCredentials: () => role.useNewCredentials(),
    /** As if the target agent were started anew. `meanwhile`: what befalls its files while it is away. */
    restart: async (meanwhile: () => Promise<void> = () => Promise.resolve()) => {
      const port = role.streamPort
      await role.close()
      await meanwhile()
      role = make(port)
      await role.start()
    },
    close: async () => {
      await role.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** For tests: waits until the condition holds; fails after `seconds` saying what it waited for. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>, seconds = 50): Promise<void> {
  const deadlineMs = performance.now() + seconds * 1000
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`Waited ${seconds} s in vain until ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
