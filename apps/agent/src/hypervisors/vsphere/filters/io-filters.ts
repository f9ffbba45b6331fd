import { z } from 'zod'
import { VimError, ask, localizedFault, readServerCertificate, reference, retrieveOne } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import type { InstalledFilter, Problem } from '@driftless/agent-api'
import { runTask } from '../connection/run-task.ts'
import { findCluster, ioFilterManager, listClusters } from './cluster-facts.ts'
import type { ClusterFacts, FilterFacts } from './cluster-facts.ts'
import { checkPreconditions } from './filter-preconditions.ts'
import type { Bundle, FilterAction } from './filter-preconditions.ts'

/** It is not done, for these reasons; nothing was changed. */
export class FilterRefusal extends Error {
  override readonly name = 'FilterRefusal'
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(({ message }) => message).join('\n'))
    this.problems = problems
  }
}

/** A filter on one cluster, and what vSphere has to say against it, host by host. */
export interface ClusterFilter extends FilterFacts {
  readonly cluster: string
  readonly state: InstalledFilter['state']
  readonly issues: readonly string[]
}

const issues = z.object({ hostIssue: z.array(z.object({ host: reference, issue: z.array(localizedFault).default([]) })).default([]) })

/** The filters of all clusters. Rejects with `VimError`. */
export async function listFilters(vim: Vim, signal?: AbortSignal): Promise<ClusterFilter[]> {
  const clusters = await listClusters(vim, signal)
  const filters = await Promise.all(clusters.flatMap((cluster) => cluster.filters.map((filter) => withIssues(vim, cluster, filter, signal))))
  return filters.toSorted((a, b) => a.cluster.localeCompare(b.cluster) || a.name.localeCompare(b.name))
}

/** As the agent reports it. */
export const asInstalled = ({ cluster, name, version, state }: ClusterFilter): InstalledFilter => ({ cluster: cluster.slice(0, 120), name: name.slice(0, 120), version: version.slice(0, 60), state })

/** Told, before anything is done, what whoever does it should know; whether to go on is its answer. */
export type Agree = (remarks: readonly Problem[]) => Promise<void>

/**
 * Installs the filter on every host of a cluster, and waits for it. Resolves to what is then on the cluster of it, with what went wrong
 * on single hosts in its issues. Rejects with `FilterRefusal` where it cannot be done, with what `agree` rejects with, or with `VimError`.
 */
export async function installFilter(vim: Vim, clusterName: string, url: string, agree: Agree, signal?: AbortSignal): Promise<ClusterFilter[]> {
  const cluster = await findCluster(vim, clusterName, signal)
  await permit(vim, cluster, { kind: 'install', bundle: await bundleAt(url) }, agree)
  await runTask(vim, ioFilterManager(vim), 'InstallIoFilter_Task', { vibUrl: url, compRes: cluster.ref }, signal)
  const before = new Set(cluster.filters.map(({ id }) => id))
  return (await filtersOn(vim, clusterName, signal)).filter(({ id }) => !before.has(id))
}

/** Replaces a filter by another version, host by host. Resolves and rejects as `installFilter` does. */
export async function upgradeFilter(vim: Vim, clusterName: string, filterId: string, url: string, agree: Agree, signal?: AbortSignal): Promise<ClusterFilter[]> {
  const cluster = await findCluster(vim, clusterName, signal)
  await permit(vim, cluster, { kind: 'upgrade', filterId, bundle: await bundleAt(url) }, agree)
  await runTask(vim, ioFilterManager(vim), 'UpgradeIoFilter_Task', { filterId, compRes: cluster.ref, vibUrl: url }, signal)
  const before = new Set(cluster.filters.map(({ id }) => id))
  // A new version may have an id of its own.
  return (await filtersOn(vim, clusterName, signal)).filter(({ id }) => id === filterId || !before.has(id))
}

/** Removes a filter, host by host. Resolves to what is left of it: none, or with its issues; rejects as `installFilter` does. */
export async function uninstallFilter(vim: Vim, clusterName: string, filterId: string, agree: Agree, signal?: AbortSignal): Promise<ClusterFilter[]> {
  const cluster = await findCluster(vim, clusterName, signal)
  const disksInUse = cluster.filters.some(({ id }) => id === filterId) ? await disksWith(vim, cluster, filterId, signal) : []
  await permit(vim, cluster, { kind: 'uninstall', filterId, disksInUse }, agree)
  await runTask(vim, ioFilterManager(vim), 'UninstallIoFilter_Task', { filterId, compRes: cluster.ref }, signal)
  return (await filtersOn(vim, clusterName, signal)).filter(({ id }) => id === filterId)
}

/** Has vCenter try again what failed on single hosts. Resolves and rejects as `uninstallFilter` does. */
export async function resolveFilter(vim: Vim, clusterName: string, filterId: string, signal?: AbortSignal): Promise<ClusterFilter[]> {
  const { ref } = await findCluster(vim, clusterName, signal)
  await runTask(vim, ioFilterManager(vim), 'ResolveInstallationErrorsOnCluster_Task', { filterId, cluster: ref }, signal)
  return (await filtersOn(vim, clusterName, signal)).filter(({ id }) => id === filterId)
}

async function permit(vim: Vim, cluster: ClusterFacts, action: FilterAction, agree: Agree): Promise<void> {
  const { refusals, remarks } = checkPreconditions(cluster, action, vim.content.about.apiVersion)
  if (refusals.length > 0) throw new FilterRefusal(refusals)
  await agree(remarks)
}

async function filtersOn(vim: Vim, clusterName: string, signal: AbortSignal | undefined): Promise<ClusterFilter[]> {
  const cluster = await findCluster(vim, clusterName, signal)
  return Promise.all(cluster.filters.map((filter) => withIssues(vim, cluster, filter, signal)))
}

/** The bundle as it is seen from here; every host fetches it for itself. */
async function bundleAt(url: string): Promise<Bundle> {
  try {
    return { url, certificate: await readServerCertificate(new URL(url).origin) }
  } catch (error) {
    if (error instanceof VimError || error instanceof TypeError) return { url, certificate: null }
    throw error
  }
}

const disksInUse = z.array(z.object({ vm: reference })).default([])

/** The names of the VMs whose disks the filter is on, one a disk. */
async function disksWith(vim: Vim, { ref }: ClusterFacts, filterId: string, signal: AbortSignal | undefined): Promise<string[]> {
  const found = await ask(vim, ioFilterManager(vim), 'QueryDisksUsingFilter', { filterId, compRes: ref }, disksInUse, signal)
  return Promise.all(found.map(({ vm }) => nameOf(vim, vm, signal)))
}

async function withIssues(vim: Vim, cluster: ClusterFacts, filter: FilterFacts, signal: AbortSignal | undefined): Promise<ClusterFilter> {
  const { hostIssue } = await ask(vim, ioFilterManager(vim), 'QueryIoFilterIssues', { filterId: filter.id, compRes: cluster.ref }, issues, signal)
  const told = await Promise.all(hostIssue.filter(({ issue }) => issue.length > 0).map(async ({ host, issue }) => `${await nameOf(vim, host, signal)}: ${issue.map(({ fault, localizedMessage }) => localizedMessage ?? fault.$type).join('; ')}`))
  return { ...filter, cluster: cluster.name, issues: told, state: stateOf(cluster, filter, told.length > 0) }
}

/** The last operation stays with a filter when it is over: only the hosts tell whether it is. */
export function stateOf({ hosts }: ClusterFacts, { id, operation }: FilterFacts, hasIssues: boolean): InstalledFilter['state'] {
  if (hasIssues) return 'FAILED'
  if (operation === 'uninstall') return 'UNINSTALLING'
  if (hosts.every(({ filters }) => filters === null || filters.includes(id))) return 'INSTALLED'
  return operation === 'upgrade' ? 'UPGRADING' : 'INSTALLING'
}

async function nameOf(vim: Vim, ref: Ref, signal: AbortSignal | undefined): Promise<string> {
  try {
    const { properties } = await retrieveOne(vim, ref, ['name'], signal)
    return typeof properties.name === 'string' ? properties.name : ref.value
  } catch (error) {
    if (error instanceof VimError && error.code === 'GONE') return ref.value
    throw error
  }
}
