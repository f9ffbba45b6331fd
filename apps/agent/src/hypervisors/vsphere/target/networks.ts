import { z } from 'zod'
import { reference, retrieve, retrieveOne } from '@driftless/vim25'
import type { Ref, Vim } from '@driftless/vim25'
import { nameIn } from '../connection/lookup.ts'

/** What a network card is connected to, as a VM's configuration has it. */
export type CardBacking =
  | { readonly $type: 'VirtualEthernetCardNetworkBackingInfo'; readonly deviceName: string }
  | { readonly $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo'; readonly port: { readonly switchUuid: string; readonly portgroupKey: string } }

const portGroup = z.object({ 'key': z.string(), 'config.distributedVirtualSwitch': reference })
const switchSays = z.object({ uuid: z.string() })

/** The datacenter's network of that name, a standard one or a port group of a distributed switch. Rejects with which there are. */
export async function cardBacking(vim: Vim, datacenter: Ref, name: string): Promise<CardBacking> {
  // Port groups are networks too, and come under their own type.
  const networks = (await retrieve(vim, { folder: datacenter, type: 'Network', properties: ['name'] })).map(({ ref, properties }) => ({ ref, name: nameIn(properties) }))
  const found = networks.find((network) => network.name === name)
  if (found === undefined) throw new Error(`The datacenter has no network "${name}"; it has ${networks.map((each) => each.name).join(', ') || 'none that this account may see'}. Choose another network in the plan, or say in the agent's settings which network that is.`)
  switch (found.ref.type) {
    case 'Network':
      return { $type: 'VirtualEthernetCardNetworkBackingInfo', deviceName: name }
    case 'DistributedVirtualPortgroup': {
      const { key, 'config.distributedVirtualSwitch': owner } = portGroup.parse((await retrieveOne(vim, found.ref, ['key', 'config.distributedVirtualSwitch'])).properties)
      const { uuid } = switchSays.parse((await retrieveOne(vim, owner, ['uuid'])).properties)
      return { $type: 'VirtualEthernetCardDistributedVirtualPortBackingInfo', port: { switchUuid: uuid, portgroupKey: key } }
    }
    default:
      throw new Error(`Network "${name}" is of the kind ${found.ref.type}, to which VMs cannot be connected yet. Choose a standard network or a port group of a distributed switch.`)
  }
}
