import { z } from 'zod'
import { retrieve, retrieveOne } from '@driftless/vim25'
import type { ObjectProperties, Ref, Vim } from '@driftless/vim25'
import type { VsphereOptions } from '../connection/connection-file.ts'
import { lackingPrivileges } from '../connection/privileges.ts'
import type { LackingPrivileges } from '../connection/privileges.ts'

/** What there is in a vCenter of what an agent was told to use. */
export interface Findings {
  readonly product: string
  readonly vms: number
  readonly datacenters: readonly string[]
  /** What was named and is not there, or there more than once, in words. */
  readonly wrong: readonly string[]
  /** What works, but not as well as it could. */
  readonly remarks: readonly string[]
  readonly privileges: readonly LackingPrivileges[] | null
}

/** Looks around with the agent's eyes. Rejects with `VimError`. */
export async function lookAround(vim: Vim, options: VsphereOptions): Promise<Findings> {
  const [vms, datacenters] = [await named(vim, 'VirtualMachine'), await named(vim, 'Datacenter')]
  const wrong: string[] = []
  const remarks: string[] = []
  const one = (what: string, list: readonly Named[], name: string, option: string): Ref | null => {
    const [found, ...more] = list.filter((candidate) => candidate.name === name)
    if (found !== undefined && more.length === 0) return found.ref
    wrong.push(found === undefined ? `There is no ${what} "${name}" (${option}).${thereAre(list)}` : `There are ${more.length + 1} of the name "${name}" among the ${what}s (${option}): give one of them another name.`)
    return null
  }

  const datacenter = options.datacenter === null ? null : one('datacenter', datacenters, options.datacenter, '--datacenter')
  if (options.datacenter === null && datacenters.length > 1) remarks.push(`There are several datacenters. A target has to be told its own: --datacenter with one of ${listed(datacenters)}.`)
  const agentVm = options.agentVm === null ? null : one('VM', vms, options.agentVm, '--agent-vm')
  if (agentVm !== null) remarks.push(...(await remarksOnAgentVm(vim, agentVm)))
  if (options.read === 'hot-add' && options.agentVm === null) wrong.push('Disks are to be read by hot-add, and that is done in the VM that the agent runs in: name it with --agent-vm.')
  const places: readonly (readonly [string, string, string, Readonly<Record<string, string>>])[] = [['datastore', 'Datastore', '--storage', options.storages], ['network', 'Network', '--network', options.networks]]
  for (const [what, type, option, wanted] of places) {
    const all = Object.keys(wanted).length === 0 ? [] : await named(vim, type)
    for (const [ours, theirs] of Object.entries(wanted)) one(what, all, theirs, `${option} ${ours}=${theirs}`)
  }
  return {
    product: vim.content.about.fullName, vms: vms.length, datacenters: datacenters.map(({ name }) => name), wrong, remarks,
    privileges: await lackingPrivileges(vim, datacenter ?? (datacenters.length === 1 ? datacenters[0]?.ref : undefined) ?? vim.content.rootFolder),
  }
}

interface Named {
  readonly name: string
  readonly ref: Ref
}

/** All objects of a type that have a name which we may read. */
async function named(vim: Vim, type: string): Promise<Named[]> {
  const nameOf = ({ ref, properties: { name } }: ObjectProperties): Named[] => (typeof name === 'string' ? [{ name, ref }] : [])
  return (await retrieve(vim, { type, properties: ['name'] })).flatMap(nameOf)
}

/** Of many, the first. */
const SHOWN = 8
const listed = (list: readonly Named[]): string => `${list.slice(0, SHOWN).map(({ name }) => `"${name}"`).join(', ')}${list.length > SHOWN ? ` and ${list.length - SHOWN} more` : ''}`
const thereAre = (list: readonly Named[]): string => (list.length === 0 ? ' There is none at all that this account can see.' : ` There are: ${listed(list)}.`)

const extraConfig = z.array(z.object({ key: z.string(), value: z.unknown() })).default([])

async function remarksOnAgentVm(vim: Vim, vm: Ref): Promise<string[]> {
  const { properties } = await retrieveOne(vim, vm, ['config.extraConfig', 'runtime.powerState'])
  const uuids = extraConfig.parse(properties['config.extraConfig']).find(({ key }) => key.toLowerCase() === 'disk.enableuuid')
  return [
    ...(String(uuids?.value).toLowerCase() === 'true' ? [] : ['The agent’s VM does not show which disk is which. Set disk.EnableUUID = TRUE in its advanced settings while it is off; until then no disk can be attached to it.']),
    ...(properties['runtime.powerState'] === 'poweredOn' ? [] : ['The VM that was named as the agent’s is not running, so the agent hardly runs in it. Check --agent-vm.']),
  ]
}
