import { VimError, retrieve } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import type { Problem } from '@driftless/agent-api'
import { readConnection } from '../connection/connection-file.ts'
import { attachByPolicy, detachPolicy } from '../filters/filter-policy.ts'
import { installFilter, listFilters, resolveFilter, uninstallFilter, upgradeFilter } from '../filters/io-filters.ts'
import type { ClusterFilter } from '../filters/io-filters.ts'
import type { FilterArguments } from './arguments.ts'
import { confirm } from './confirm.ts'
import { logIn } from './log-in.ts'
import type { Places } from './places.ts'
import { Refusal } from './refusal.ts'
import type { Terminal } from './terminal.ts'

/** `io-filter …`. Rejects with why it is not done, or what went wrong. */
export async function ioFilter(terminal: Terminal, places: Places, what: FilterArguments, yes: boolean): Promise<void> {
  const vim = await logIn(await readConnection(places.data, places.keyFile))
  try {
    await carryOut(terminal, vim, what, yes)
  } finally {
    await vim.close()
  }
}

async function carryOut(terminal: Terminal, vim: Vim, what: FilterArguments, yes: boolean): Promise<void> {
  const agree = (question: string | null) => async (remarks: readonly Problem[]): Promise<void> => {
    for (const { message } of remarks) terminal.warn(message)
    if (question !== null) await confirm(terminal, yes, question)
    terminal.say('This takes a few minutes a host; leaving it by Ctrl-C does not stop it in vCenter …')
  }
  switch (what.do) {
    case 'list':
      return sayFilters(terminal, vim)
    case 'install':
      return sayOutcome(terminal, await installFilter(vim, what.cluster, what.url, agree(null)), `No new filter is on ${what.cluster}, though vCenter says that it is done. Look at its tasks and events.`)
    case 'upgrade':
      return sayOutcome(terminal, await upgradeFilter(vim, what.cluster, what.filter, what.url, agree(`Upgrade ${what.filter}? Every host of ${what.cluster} is emptied in turn.`)), `The filter is no longer on ${what.cluster}. Look at its tasks and events in vCenter.`)
    case 'resolve':
      return sayOutcome(terminal, await resolveFilter(vim, what.cluster, what.filter), `${what.filter} is not on ${what.cluster} any more.`)
    case 'uninstall': {
      const left = await uninstallFilter(vim, what.cluster, what.filter, agree(`Uninstall ${what.filter}? Every host of ${what.cluster} is emptied in turn.`))
      if (left.length > 0) return sayOutcome(terminal, left, '')
      return terminal.done(`${what.filter} is gone from ${what.cluster}`)
    }
    case 'attach': {
      const classes = new Map((await listFilters(vim)).map(({ id, filterClass }) => [id, filterClass]))
      await attachByPolicy(vim, await findVm(vim, what.vm), what.policy, (id) => classes.get(id) ?? null)
      return terminal.done(`all disks of ${what.vm} have the storage policy ${what.policy}`)
    }
    case 'detach':
      await detachPolicy(vim, await findVm(vim, what.vm))
      return terminal.done(`no disk of ${what.vm} has a storage policy any more`)
  }
}

/** The filters of all clusters, a line each, and below it what is wrong with it. */
export async function sayFilters(terminal: Terminal, vim: Vim): Promise<void> {
  const filters = await listFilters(vim)
  if (filters.length === 0) return terminal.say('no IO filters on any cluster')
  for (const filter of filters) sayFilter(terminal, filter)
}

function sayOutcome(terminal: Terminal, filters: readonly ClusterFilter[], none: string): void {
  if (filters.length === 0) throw new Refusal(none)
  for (const filter of filters) sayFilter(terminal, filter)
  const [failed] = filters.filter(({ issues }) => issues.length > 0)
  if (failed !== undefined) throw new Refusal(`It did not work on every host. Mend what is said above, then have vCenter try again:\n  npm run vsphere -- io-filter resolve "${failed.cluster}" ${failed.id}`)
}

const STATES: Readonly<Record<ClusterFilter['state'], string>> = { INSTALLED: 'installed', INSTALLING: 'is being installed', UPGRADING: 'is being upgraded', UNINSTALLING: 'is being uninstalled', FAILED: 'failed' }

function sayFilter(terminal: Terminal, { name, version, vendor, cluster, state, id, issues, filterClass }: ClusterFilter): void {
  const line = `${name} ${version} of ${vendor} on ${cluster}: ${STATES[state]} (${filterClass === null ? '' : `${filterClass}, `}id ${id})`
  if (state === 'INSTALLED') terminal.done(line)
  else terminal.warn(line)
  for (const issue of issues) terminal.say(`  ${issue}`)
}

async function findVm(vim: Vim, name: string): Promise<Ref> {
  const [found, ...more] = (await retrieve(vim, { type: 'VirtualMachine', properties: ['name'] })).filter(({ properties }) => properties.name === name)
  if (found === undefined) throw new VimError('GONE', `There is no VM "${name}" that this account can see.`)
  if (more.length > 0) throw new VimError('INVALID_CALL', `There are ${more.length + 1} VMs of the name "${name}": give one of them another name.`)
  return found.ref
}
