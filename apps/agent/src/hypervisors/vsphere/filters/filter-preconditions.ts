import type { ServerCertificate } from '@driftless/vim25'
import type { Problem } from '@driftless/agent-api'
import { atLeast } from './cluster-facts.ts'
import type { ClusterFacts, FilterFacts, HostFacts } from './cluster-facts.ts'

/** A filter's package, which every host fetches for itself. */
export interface Bundle {
  readonly url: string
  /** What its server showed; null: it could not be reached. */
  readonly certificate: Pick<ServerCertificate, 'fingerprint' | 'issuer'> | null
}

/** What is about to be done to a cluster. `disksInUse`: disks that the filter is on, by VM. */
export type FilterAction =
  | { readonly kind: 'install'; readonly bundle: Bundle }
  | { readonly kind: 'upgrade'; readonly filterId: string; readonly bundle: Bundle }
  | { readonly kind: 'uninstall'; readonly filterId: string; readonly disksInUse: readonly string[] }

/** Refusals: it would not work, or do harm. Remarks: what whoever does it should know. */
export interface Preconditions {
  readonly refusals: readonly Problem[]
  readonly remarks: readonly Problem[]
}

/** Since then vCenter fetches bundles only from servers whose certificate it trusts. */
const TRUST_SINCE = [8, 0, 3] as const
/** Since then clusters of one image take filters as a part of it alone. */
const IMAGES_ONLY_SINCE = [9] as const
/** The class of filters that we drive. */
const OUR_CLASS = 'replication'

/** Whether it can be done, before anything is. `apiVersion`: the vCenter's. Every reason is named, not the first alone. */
export function checkPreconditions(cluster: ClusterFacts, action: FilterAction, apiVersion: string): Preconditions {
  const refusals: Problem[] = [...refusedCluster(cluster, apiVersion), ...refusedHosts(cluster)]
  const remarks: Problem[] = []
  if (action.kind !== 'install') {
    if (!cluster.filters.some(({ id }) => id === action.filterId)) refusals.push({ code: 'FILTER_UNKNOWN', message: `There is no filter "${action.filterId}" on ${cluster.name}.${present(cluster.filters)}` })
    if (cluster.evacuation === 'NONE') refusals.push({ code: 'NO_EVACUATION', message: `To ${action.kind} a filter each host of ${cluster.name} is emptied in turn, and nobody moves its VMs: DRS is off. Turn it on, fully automated.` })
    if (cluster.evacuation === 'MANUAL') remarks.push({ code: 'MANUAL_EVACUATION', message: `DRS of ${cluster.name} asks before it moves a VM: agree to each move in vCenter, or the ${action.kind} waits.` })
    if (cluster.kind === 'CLUSTER' && cluster.hosts.length < 2) refusals.push({ code: 'ONE_HOST', message: `${cluster.name} has one host: its VMs have nowhere to go while it is emptied.` })
  }
  if (action.kind === 'uninstall') {
    if (action.disksInUse.length > 0) refusals.push({ code: 'FILTER_IN_USE', message: `The filter is on ${disks(action.disksInUse)}. Detach it from them first.` })
  } else {
    refusals.push(...refusedBundle(action.bundle))
    if (action.bundle.certificate !== null && atLeast(apiVersion, TRUST_SINCE)) remarks.push({ code: 'BUNDLE_TRUST', message: `This vCenter fetches bundles only from servers that it trusts. ${new URL(action.bundle.url).host} shows a certificate of ${action.bundle.certificate.issuer}, SHA-256 ${action.bundle.certificate.fingerprint}: add its authority to vCenter’s trusted roots, if it is not there.` })
  }
  if (action.kind === 'install') {
    const same = cluster.filters.filter(({ filterClass }) => filterClass === OUR_CLASS)
    if (same.length > 0) remarks.push({ code: 'SAME_CLASS', message: `${same.map(named).join(' and ')} on ${cluster.name} replicates disks already. A disk takes one filter of a class: VMs have one or the other.` })
  }
  return { refusals, remarks }
}

function* refusedCluster({ name, kind, imageManaged }: ClusterFacts, apiVersion: string): Generator<Problem> {
  if (kind === 'HOST') yield { code: 'NOT_A_CLUSTER', message: `${name} is a host that stands alone. vSphere installs filters on clusters: put it into one, which may have one host.` }
  if (imageManaged && atLeast(apiVersion, IMAGES_ONLY_SINCE)) yield { code: 'IMAGE_MANAGED', message: `${name} gets its software from one image, and this vCenter (${apiVersion}) installs filters there by the image alone. Add the filter’s component to the image in vSphere Lifecycle Manager.` }
}

function* refusedHosts({ name, hosts }: ClusterFacts): Generator<Problem> {
  if (hosts.length === 0) yield { code: 'NO_HOSTS', message: `${name} has no hosts.` }
  const away = hosts.filter(({ connected }) => !connected)
  if (away.length > 0) yield { code: 'HOST_AWAY', message: `${hostNames(away)} ${away.length === 1 ? 'is' : 'are'} not connected to vCenter. A filter goes on every host of a cluster or on none: connect or remove ${away.length === 1 ? 'it' : 'them'}.` }
  const closed = hosts.filter(({ maintenance }) => maintenance)
  if (closed.length > 0) yield { code: 'HOST_IN_MAINTENANCE', message: `${hostNames(closed)} ${closed.length === 1 ? 'is' : 'are'} in maintenance mode. Let that come to its end first: vSphere uses it itself to change filters.` }
  const versions = new Map(hosts.filter(({ connected }) => connected).map((host) => [host.version, host.name]))
  if (versions.size > 1) yield { code: 'VERSIONS_DIFFER', message: `The hosts of ${name} run different versions of ESXi: ${[...versions].map(([version, host]) => `${version} on ${host}`).join(', ')}. Bring all of them to one.` }
}

function* refusedBundle({ url, certificate }: Bundle): Generator<Problem> {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed?.protocol !== 'https:' || parsed.username !== '' || parsed.password !== '') yield { code: 'BUNDLE_ADDRESS', message: `The bundle’s address has to be like https://files.example/filter.zip, without a name or a password in it; it is ${parsed === null ? 'no address' : `${parsed.protocol}//${parsed.host}…`}.` }
  else if (certificate === null) yield { code: 'BUNDLE_UNREACHABLE', message: `${parsed.host} cannot be reached by https from this agent. Check the address; every host of the cluster has to reach it.` }
}

const LISTED = 5
const several = (names: readonly string[]): string => `${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ` and ${names.length - LISTED} more` : ''}`
const hostNames = (hosts: readonly HostFacts[]): string => several(hosts.map(({ name }) => name))
const disks = (names: readonly string[]): string => `${names.length === 1 ? '1 disk' : `${names.length} disks`}, of ${several([...new Set(names)])}`
const named = ({ name, version }: FilterFacts): string => `${name} ${version}`
const present = (filters: readonly FilterFacts[]): string => (filters.length === 0 ? ' There is none at all.' : ` There are: ${filters.map(({ id }) => id).join(', ')}.`)
