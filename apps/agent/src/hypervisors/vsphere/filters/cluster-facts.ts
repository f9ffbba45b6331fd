import { z } from 'zod'
import { VimError, ask, reference, retrieve, retrieveOne } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'

/** An IO filter that somebody installed on a cluster. */
export interface FilterFacts {
  readonly id: string
  readonly name: string
  readonly vendor: string
  readonly version: string
  /** What it does, of which a disk has one each: `replication`, `cache`, …; null: it does not say. */
  readonly filterClass: string | null
  /** What was done to it last: `install`, `upgrade`, `uninstall`. */
  readonly operation: string
}

export interface HostFacts {
  readonly name: string
  /** Of ESXi, such as `8.0.3`. */
  readonly version: string
  readonly connected: boolean
  readonly maintenance: boolean
  /** The filters on it that can be used, by id; null: it does not say. */
  readonly filters: readonly string[] | null
}

/** A cluster, or a host that stands alone, as far as IO filters are concerned. */
export interface ClusterFacts {
  readonly ref: Ref
  readonly name: string
  readonly kind: 'CLUSTER' | 'HOST'
  /** Who moves VMs away from a host: DRS by itself, DRS when somebody agrees, nobody. */
  readonly evacuation: 'AUTOMATIC' | 'MANUAL' | 'NONE'
  /** Its hosts get their software from one image (vSphere Lifecycle Manager). */
  readonly imageManaged: boolean
  readonly hosts: readonly HostFacts[]
  readonly filters: readonly FilterFacts[]
}

const drsConfig = z.object({ drsConfig: z.object({ enabled: z.boolean().optional(), defaultVmBehavior: z.string().optional() }).optional() }).default({})
const cluster = z.object({ name: z.string(), host: z.array(reference).default([]), configurationEx: drsConfig, lifecycleManaged: z.boolean().optional() })
const host = z.object({
  name: z.string(),
  'config.product.version': z.string().default('unknown'),
  'runtime.connectionState': z.string(),
  'runtime.inMaintenanceMode': z.boolean(),
  'config.ioFilterInfo': z.array(z.object({ id: z.string(), available: z.boolean() })).optional(),
})
const filters = z.array(z.object({ id: z.string(), name: z.string(), vendor: z.string(), version: z.string(), type: z.string().optional(), opType: z.string() })).default([])

/** Images came with this version; to ask an older one is an error. */
const IMAGES_SINCE = [7, 0] as const

/** Whether a version, such as `8.0.3.0`, is this one or newer. */
export function atLeast(version: string, wanted: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  for (const [at, part] of wanted.entries()) {
    const has = parts[at] ?? 0
    if (has !== part) return has > part
  }
  return true
}

/** All clusters and hosts that stand alone. Rejects with `VimError`. */
export async function listClusters(vim: Vim, signal?: AbortSignal): Promise<ClusterFacts[]> {
  const properties = ['name', 'host', 'configurationEx', ...(atLeast(vim.content.about.apiVersion, IMAGES_SINCE) ? ['lifecycleManaged'] : [])]
  const found = await retrieve(vim, { type: 'ComputeResource', properties }, signal)
  return Promise.all(found.map(async ({ ref, properties: read }): Promise<ClusterFacts> => {
    const { name, host: hosts, configurationEx, lifecycleManaged } = cluster.parse(read)
    const isCluster = ref.type === 'ClusterComputeResource'
    const { enabled, defaultVmBehavior } = configurationEx.drsConfig ?? {}
    return {
      ref, name, kind: isCluster ? 'CLUSTER' : 'HOST', imageManaged: lifecycleManaged === true,
      evacuation: enabled !== true ? 'NONE' : defaultVmBehavior === 'fullyAutomated' ? 'AUTOMATIC' : 'MANUAL',
      hosts: await Promise.all(hosts.map((one) => readHost(vim, one, signal))),
      filters: isCluster ? await readFilters(vim, ref, signal) : [],
    }
  }))
}

/** The cluster of this name. Rejects where there is none, or several, with what there is. */
export async function findCluster(vim: Vim, name: string, signal?: AbortSignal): Promise<ClusterFacts> {
  const all = await listClusters(vim, signal)
  const [found, ...more] = all.filter((one) => one.name === name)
  if (found === undefined) throw new VimError('GONE', `There is no cluster "${name}". There are: ${all.map((one) => `"${one.name}"`).join(', ')}.`)
  if (more.length > 0) throw new VimError('INVALID_CALL', `There are ${more.length + 1} clusters of the name "${name}": give one of them another name.`)
  return found
}

async function readHost(vim: Vim, ref: Ref, signal: AbortSignal | undefined): Promise<HostFacts> {
  const { properties } = await retrieveOne(vim, ref, Object.keys(host.shape), signal)
  const { name, 'config.product.version': version, 'runtime.connectionState': state, 'runtime.inMaintenanceMode': maintenance, 'config.ioFilterInfo': info } = host.parse(properties)
  return { name, version, connected: state === 'connected', maintenance, filters: info?.filter(({ available }) => available).map(({ id }) => id) ?? null }
}

async function readFilters(vim: Vim, compRes: Ref, signal: AbortSignal | undefined): Promise<FilterFacts[]> {
  const found = await ask(vim, ioFilterManager(vim), 'QueryIoFilterInfo', { compRes }, filters, signal)
  return found.map(({ type = null, opType: operation, id, name, vendor, version }) => ({ id, name, vendor, version, filterClass: type, operation }))
}

/** Throws where the server has none: an ESXi host without a vCenter. */
export function ioFilterManager({ content }: Vim): Ref {
  if (content.ioFilterManager === undefined) throw new VimError('INVALID_CALL', `${content.about.fullName} does not manage IO filters: they are a vCenter’s. Connect the agent to the vCenter that manages this host.`)
  return content.ioFilterManager
}
