import { VimError, ask, reference, retrieve, retrieveOne } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** A vCenter writes %, / and \ of a name as codes, so that names can be parts of a path. Source: vSphere API, `ManagedEntity.name`. */
export const plainName = (name: string): string => name.replaceAll(/%(2f|5c|25)/gi, (code) => decodeURIComponent(code))

/** A name as people know it; '' where the account may not read it. */
export const nameIn = (properties: Readonly<Record<string, unknown>>): string => (typeof properties.name === 'string' ? plainName(properties.name) : '')

/** Objects of a type with this name, anywhere below a folder or a datacenter. */
export async function named(vim: Vim, folder: Ref, type: string, name: string): Promise<Ref[]> {
  return (await retrieve(vim, { folder, type, properties: ['name'] })).filter(({ properties }) => nameIn(properties) === name).map(({ ref }) => ref)
}

/** Finds the VM that this agent runs in, by its name or its instance UUID. Rejects when there is none, or more than one. */
export async function findAgentVm(vim: Vim, nameOrUuid: string): Promise<Ref> {
  const { searchIndex, rootFolder } = vim.content
  if (UUID.test(nameOrUuid) && searchIndex !== undefined) {
    const found = await ask(vim, searchIndex, 'FindByUuid', { uuid: nameOrUuid.toLowerCase(), vmSearch: true, instanceUuid: true }, reference.optional())
    if (found !== undefined) return found
  }
  const [found, another] = await named(vim, rootFolder, 'VirtualMachine', nameOrUuid)
  if (found === undefined) throw new Error(`vCenter has no VM "${nameOrUuid}", which this agent is told that it runs in. Give the agent the name or the instance UUID of its own VM, and its account the right to see it.`)
  if (another !== undefined) throw new Error(`vCenter has several VMs named "${nameOrUuid}", and this agent does not know which of them it runs in. Give it the instance UUID of its own VM instead.`)
  return found
}

/** The datacenter that something is in. */
export async function datacenterOf(vim: Vim, ref: Ref): Promise<Ref> {
  let at = ref
  while (at.type !== 'Datacenter') at = await follow(vim, at, 'parent')
  return at
}

/** Where a property leads to. Rejects where it leads nowhere that this account may see. */
export async function follow(vim: Vim, from: Ref, property: string): Promise<Ref> {
  const found = reference.safeParse((await retrieveOne(vim, from, [property])).properties[property])
  if (!found.success) throw new VimError('PROTOCOL', `The server does not say what the ${property} of ${from.type} ${from.value} is. Give the agent's account the privilege System.View from the root down.`)
  return found.data
}

/** The datacenter by its name; null: that of the agent's VM. */
export async function findDatacenter(vim: Vim, { datacenter, agentVm }: { readonly datacenter: string | null; readonly agentVm: string }): Promise<Ref> {
  if (datacenter === null) return datacenterOf(vim, await findAgentVm(vim, agentVm))
  const [found] = await named(vim, vim.content.rootFolder, 'Datacenter', datacenter)
  if (found === undefined) throw new Error(`vCenter has no datacenter "${datacenter}". Correct its name in the agent's settings, or leave it out: it is then that of the agent's VM.`)
  return found
}

/** A manager that only some servers have. */
export function manager(ref: Ref | undefined, what: string): Ref {
  if (ref === undefined) throw new VimError('PROTOCOL', `The server has no ${what}. Check that the address is that of a vCenter.`)
  return ref
}
