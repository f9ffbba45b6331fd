import { z } from 'zod'
import type { Notice } from '@driftless/agent-api'

/** The events that people of a migrating VM should know of, by the names that vCenter filters by. */
export const EVENT_TYPES: readonly string[] = ['VmMigratedEvent', 'DrsVmMigratedEvent', 'VmRelocatedEvent', 'VmReconfiguredEvent', 'com.vmware.vc.vm.VmStateRevertedToSnapshot']

const named = z.object({ name: z.string() })
const datastore = z.object({ name: z.string(), datastore: z.object({ value: z.string() }) })
const device = z.object({ operation: z.string().optional(), device: z.object({ $type: z.string() }) })

/** Of an event what a notice is made from. */
export const vmEvent = z.object({
  $type: z.string(),
  key: z.number(),
  createdTime: z.date(),
  userName: z.string().default(''),
  vm: z.object({ vm: z.object({ value: z.string() }) }).optional(),
  host: named.optional(),
  ds: datastore.optional(),
  sourceHost: named.optional(),
  sourceDatastore: datastore.optional(),
  eventTypeId: z.string().optional(),
  configSpec: z.looseObject({ changeTrackingEnabled: z.boolean().optional(), deviceChange: z.array(device).default([]) }).default({ deviceChange: [] }),
})
export type VmEvent = z.infer<typeof vmEvent>

const FULL_COMPARE = 'vSphere has then forgotten which blocks changed, so the next round compares the disks as a whole; nothing has to be done.'

/** What a person is told of an event; null: nothing worth it. */
export function noticeOf(event: VmEvent): Notice | null {
  const told = event.$type === 'VmReconfiguredEvent' ? reconfigured(event) : event.$type === 'EventEx' ? reverted(event) : moved(event)
  return told === null ? null : { code: told.code, message: told.message.slice(0, 500), atMs: event.createdTime.getTime() }
}

type Told = Omit<Notice, 'atMs'> | null

function moved({ $type, host, ds, sourceHost, sourceDatastore }: VmEvent): Told {
  if (!$type.endsWith('MigratedEvent') && $type !== 'VmRelocatedEvent') return null
  const by = $type === 'DrsVmMigratedEvent' ? ', by vSphere’s own balancing' : ''
  // A migration may take along the disks or not; only the datastores tell.
  if (sourceDatastore !== undefined && ds !== undefined ? sourceDatastore.datastore.value !== ds.datastore.value : $type === 'VmRelocatedEvent') {
    return { code: 'STORAGE_MOVED', message: `The disks moved${way(sourceDatastore?.name, ds?.name)}${by}. ${FULL_COMPARE}` }
  }
  return { code: 'VM_MOVED', message: `The VM moved${way(sourceHost?.name, host?.name)}${by}. Replication goes on.` }
}

const way = (from: string | undefined, to: string | undefined): string => `${from === undefined ? '' : ` from ${from}`}${to === undefined ? '' : ` to ${to}`}`

function reverted({ eventTypeId, userName }: VmEvent): Told {
  if (eventTypeId !== 'com.vmware.vc.vm.VmStateRevertedToSnapshot') return null
  return { code: 'VM_REVERTED', message: `${who(userName)} set the VM back to a snapshot. ${FULL_COMPARE}` }
}

function reconfigured({ configSpec, userName }: VmEvent): Told {
  const { $type: _, changeVersion: _version, changeTrackingEnabled, deviceChange, ...others } = configSpec
  if (changeTrackingEnabled === false) return { code: 'CHANGE_TRACKING_OFF', message: `${who(userName)} turned changed block tracking off on the VM. It is turned on again for the migration. ${FULL_COMPARE}` }
  const disks = deviceChange.filter((change) => change.device.$type === 'VirtualDisk' && change.operation !== 'edit')
  if (disks.length > 0) return { code: 'DISKS_CHANGED', message: `${who(userName)} ${disks.map(({ operation }) => (operation === 'remove' ? 'removed a disk' : 'added a disk')).join(' and ')}. A migration moves the disks that the VM had when it was planned: cancel it and plan it anew.` }
  // Turned on by itself is what every migration does.
  if (changeTrackingEnabled === true && deviceChange.length === 0 && Object.keys(others).length === 0) return null
  return { code: 'VM_RECONFIGURED', message: `${who(userName)} changed the VM’s configuration. Check that what was planned for the target still fits.` }
}

const who = (userName: string): string => (userName === '' ? 'vSphere' : userName)
