import { z } from 'zod'
import { VimFault, ask } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'

/** What an agent's account may need, by what it is for. One account needs a part of it: a source builds no shadow VMs. */
const PURPOSES: readonly { readonly purpose: string; readonly privileges: readonly string[] }[] = [
  {
    purpose: 'replicating VMs from here',
    privileges: [
      'VirtualMachine.Config.ChangeTracking', 'VirtualMachine.State.CreateSnapshot', 'VirtualMachine.State.RemoveSnapshot', 'VirtualMachine.Provisioning.DiskRandomRead',
      'VirtualMachine.Config.AddExistingDisk', 'VirtualMachine.Config.RemoveDisk', 'VirtualMachine.Interact.PowerOn', 'VirtualMachine.Interact.PowerOff', 'Datastore.Browse', 'Datastore.FileManagement',
    ],
  },
  {
    purpose: 'building shadow VMs here',
    privileges: [
      'VirtualMachine.Inventory.Create', 'VirtualMachine.Inventory.Delete', 'VirtualMachine.Inventory.Unregister', 'VirtualMachine.Config.AddNewDisk', 'VirtualMachine.Config.AddExistingDisk', 'VirtualMachine.Config.RemoveDisk',
      'VirtualMachine.Config.AddRemoveDevice', 'VirtualMachine.Config.Settings', 'VirtualMachine.Interact.PowerOn', 'VirtualMachine.Interact.PowerOff',
      'Resource.AssignVMToPool', 'Datastore.AllocateSpace', 'Datastore.FileManagement', 'Network.Assign',
    ],
  },
  { purpose: 'installing IO filters', privileges: ['Host.Config.Patch', 'StorageProfile.View'] },
  { purpose: 'the portal’s entry in vCenter', privileges: ['Extension.Register', 'Extension.Update', 'Extension.Unregister'] },
]

export interface LackingPrivileges {
  /** Such as `building shadow VMs here`. */
  readonly purpose: string
  /** Those that the account lacks; none: it may. */
  readonly lacking: readonly string[]
}

const entityPrivileges = z.array(z.object({ privAvailability: z.array(z.object({ privId: z.string(), isGranted: z.boolean() })) })).default([])

/** What our account lacks on an object, purpose by purpose; null where the server cannot say. Rejects with `VimError`. */
export async function lackingPrivileges(vim: Vim, entity: Ref): Promise<LackingPrivileges[] | null> {
  const { authorizationManager } = vim.content
  if (authorizationManager === undefined) return null
  const wanted = [...new Set(PURPOSES.flatMap(({ privileges }) => privileges))]
  try {
    const answers = await ask(vim, authorizationManager, 'HasPrivilegeOnEntities', { entity: [entity], sessionId: vim.sessionKey, privId: wanted }, entityPrivileges)
    const granted = new Set(answers.flatMap(({ privAvailability }) => privAvailability.filter(({ isGranted }) => isGranted).map(({ privId }) => privId)))
    return PURPOSES.map(({ purpose, privileges }) => ({ purpose, lacking: privileges.filter((privilege) => !granted.has(privilege)) }))
  } catch (error) {
    // Some privileges differ between versions, and one that a server does not know spoils the question.
    if (error instanceof VimFault) return null
    throw error
  }
}
