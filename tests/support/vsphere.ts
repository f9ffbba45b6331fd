/** Agents that are connected to a simulated vCenter. */
import { connectVim, readServerCertificate, retrieve } from '@driftless/vim25'
import type { Vim } from '@driftless/vim25'
import { z } from 'zod'
import { storeConnection } from '../../apps/agent/src/hypervisors/vsphere/connection/connection-file.ts'
import { VCSIM_LOGIN } from './vcsim.ts'
import type { RunningVcsim } from './vcsim.ts'

/** The VM that an agent is taken to run in. */
export const AGENT_VM = 'driftless-agent'

/** A session of somebody else's on the vCenter. */
export async function logIn({ address }: RunningVcsim): Promise<Vim> {
  const { fingerprint } = await readServerCertificate(address)
  return connectVim({ address, fingerprint, ...VCSIM_LOGIN })
}

const powerState = z.object({ 'name': z.string(), 'runtime.powerState': z.string() })

/** Name → power state of every VM. */
export async function powerAt(vcsim: RunningVcsim): Promise<Record<string, string>> {
  const vim = await logIn(vcsim)
  try {
    const found = await retrieve(vim, { type: 'VirtualMachine', properties: ['name', 'runtime.powerState'] })
    return Object.fromEntries(found.map(({ properties }) => powerState.parse(properties)).map((vm) => [vm.name, vm['runtime.powerState']]))
  } finally {
    await vim.close()
  }
}

/** Names of the VMs that have a snapshot. */
export async function snapshotsAt(vcsim: RunningVcsim): Promise<string[]> {
  const vim = await logIn(vcsim)
  try {
    const found = await retrieve(vim, { type: 'VirtualMachine', properties: ['name', 'snapshot'] })
    return found.filter(({ properties }) => properties['snapshot'] !== undefined).map(({ properties }) => z.string().parse(properties['name']))
  } finally {
    await vim.close()
  }
}

/** A round every second at most: tests have no hours to wait. */
export const vsphereAgentEnv = (devices: string): Record<string, string> => ({ HYPERVISOR: 'vsphere', VSPHERE_DEVICES: devices, VSPHERE_ROUND_SECONDS: '1' })

/** Stores the connection as `npm run vsphere -- connect` does, once a person has confirmed the certificate. */
export async function connectAgent(vcsim: RunningVcsim, dataDirectory: string, read: 'hot-add' | 'datastore'): Promise<void> {
  const { fingerprint } = await readServerCertificate(vcsim.address)
  const [datastore = ''] = Object.keys(vcsim.datastores)
  const same = (names: readonly string[], value: string) => Object.fromEntries(names.map((name) => [name, value]))
  await storeConnection(dataDirectory, {
    address: vcsim.address, fingerprint, ...VCSIM_LOGIN, agentVm: AGENT_VM, datacenter: null, read, portalUrl: null, adminEmail: null,
    storages: same(['nvme-gold', 'ssd-silver', 's'], datastore), networks: same(['web-prod', 'db-prod', 'apps-prod'], 'VM Network'),
  })
}
