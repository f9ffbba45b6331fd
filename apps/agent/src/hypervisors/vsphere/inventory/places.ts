import type { Placement } from '@driftless/agent-api'
import { retrieve } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import { z } from 'zod'
import { plainName } from '../connection/lookup.ts'
import type { VCenter } from '../connection/vcenter.ts'
import type { VmFacts } from './vm-facts.ts'

/** Hosts, clusters and datastores change seldom. */
const FRESH_FOR_MS = 60_000

const ref = z.object({ type: z.string(), value: z.string() })
const named = z.object({ name: z.string(), parent: ref.optional() })
const cluster = z.object({ configurationEx: z.object({ dasConfig: z.object({ enabled: z.boolean().optional() }).optional() }).optional() })
const datacenter = named.extend({ datastore: z.array(ref).default([]) })

interface Place {
  readonly name: string
  readonly parent: string | null
}

interface Known {
  readonly atMs: number
  readonly places: ReadonlyMap<string, Place>
  /** Cluster → whether its high availability is on. */
  readonly highAvailability: ReadonlyMap<string, boolean>
  /** Datastore → inventory path of its datacenter. */
  readonly datacenterOf: ReadonlyMap<string, string>
}

/** The names of where VMs run, so that people recognise them. */
export class Places {
  readonly #vcenter: VCenter
  #known: Known | null = null
  #looking: Promise<Known> | null = null

  constructor(vcenter: VCenter) {
    this.#vcenter = vcenter
  }

  /** Where the VM runs, as far as this account may see it. Rejects with `VimError`. */
  async placementOf(vm: VmFacts): Promise<Placement> {
    const { places, highAvailability } = await this.#look()
    const nameOf = ({ value }: Ref) => places.get(value)?.name
    const host = vm.host === null ? undefined : places.get(vm.host.value)
    const isOn = host?.parent == null ? undefined : highAvailability.get(host.parent)
    return {
      host: host?.name ?? null,
      // A host that stands alone has a compute resource of its own around it, which is no cluster.
      cluster: isOn === undefined || host?.parent == null ? null : (places.get(host.parent)?.name ?? null),
      datastores: vm.datastores.map(nameOf).filter((name) => name !== undefined),
      networks: vm.networks.map(nameOf).filter((name) => name !== undefined),
      highAvailability: isOn === undefined ? 'UNKNOWN' : isOn ? 'ON' : 'OFF',
      guestTools: vm.toolsRunning ? 'RUNNING' : vm.toolsInstalled ? 'NOT_RUNNING' : 'NOT_INSTALLED',
    }
  }

  /** Inventory path of the datacenter that has one of the VM's datastores by that name. */
  async datacenterOf(vm: VmFacts, datastore: string): Promise<string> {
    const { places, datacenterOf } = await this.#look()
    const found = vm.datastores.find(({ value }) => places.get(value)?.name === datastore) ?? vm.datastores[0]
    const path = found === undefined ? undefined : datacenterOf.get(found.value)
    if (path === undefined) throw new Error(`The datacenter of datastore "${datastore}" is not to be seen. Give the agent's account the privilege System.View on it.`)
    return path
  }

  async #look(): Promise<Known> {
    if (this.#known !== null && Date.now() - this.#known.atMs < FRESH_FOR_MS) return this.#known
    this.#looking ??= this.#vcenter.use(look).finally(() => {
      this.#looking = null
    })
    this.#known = await this.#looking
    return this.#known
  }
}

async function look(vim: Vim): Promise<Known> {
  const places = new Map<string, Place>()
  const note = (found: Awaited<ReturnType<typeof retrieve>>) => {
    for (const { ref: { value }, properties } of found) {
      const said = named.safeParse(properties)
      if (said.success) places.set(value, { name: plainName(said.data.name), parent: said.data.parent?.value ?? null })
    }
  }
  for (const type of ['Folder', 'HostSystem', 'Network', 'Datastore'] as const) note(await retrieve(vim, { type, properties: ['name', 'parent'] }))
  const clusters = await retrieve(vim, { type: 'ClusterComputeResource', properties: ['name', 'parent', 'configurationEx'] })
  note(clusters)
  const datacenters = await retrieve(vim, { type: 'Datacenter', properties: ['name', 'parent', 'datastore'] })
  note(datacenters)
  const datacenterOf = new Map<string, string>()
  for (const { ref: { value }, properties } of datacenters) {
    const said = datacenter.safeParse(properties)
    for (const { value: datastore } of said.data?.datastore ?? []) datacenterOf.set(datastore, pathOf(value, places))
  }
  const highAvailability = new Map(clusters.map(({ ref: { value }, properties }) => [value, cluster.safeParse(properties).data?.configurationEx?.dasConfig?.enabled ?? false]))
  return { atMs: Date.now(), places, highAvailability, datacenterOf }
}

/** The path below the root folder, whose view does not hold itself. */
function pathOf(value: string, places: ReadonlyMap<string, Place>): string {
  const names: string[] = []
  for (let at = places.get(value); at !== undefined; at = at.parent === null ? undefined : places.get(at.parent)) names.unshift(at.name)
  return names.join('/')
}
