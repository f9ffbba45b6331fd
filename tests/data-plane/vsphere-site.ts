/** Two simulated vCenters, one of them with a VM whose guest keeps a ledger. */
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConnection } from '../../apps/agent/src/hypervisors/vsphere/connection/connection-file.ts'
import { vsphereHypervisor } from '../../apps/agent/src/hypervisors/vsphere/vsphere-hypervisor.ts'
import { startVcsim, withoutVcsim } from '../support/vcsim.ts'
import type { RunningVcsim } from '../support/vcsim.ts'
import type { Scenario } from '../support/vcsim-scenario.ts'
import { AGENT_VM, connectAgent, vsphereAgentEnv } from '../support/vsphere.ts'
import type { Site, SiteKind } from './sites.ts'

const MIB = 1024 * 1024
const VM_NAME = 'web-1'
const DISKS = [{ sizeMiB: 32, filledMiB: 24 }, { sizeMiB: 16, filledMiB: 12 }]
const FIRST_DISK_KEY = 2000
/** Little: changed block tracking tells of 64 KiB where a guest has written four. */
const REWRITE_KIB_PER_SECOND = 64

export type VsphereSite = Omit<Site, 'difference'> & {
  readonly source: RunningVcsim
  readonly target: RunningVcsim
  /** Where an agent keeps what is its own. */
  agentFolder(side: 'source' | 'target'): string
  difference(key: string): Promise<string | null>
}

export const vsphere = (read: 'hot-add' | 'datastore'): SiteKind => ({
  name: `vsphere, changed blocks, read ${read === 'hot-add' ? 'by HotAdd' : 'from the datastore'}`,
  missing: withoutVcsim,
  open: (folder) => openVsphereSite(read, folder),
})

/** Starts both vCenters. The source's has the VM, off; the agents' connections are stored. */
export async function openVsphereSite(read: 'hot-add' | 'datastore', folder: string): Promise<VsphereSite> {
  const devicesOf = (side: string) => join(folder, `${side}-devices`)
  const agentFolder = (side: string) => join(folder, `${side}-agent`)
  const start = async (side: string, vms: Scenario['vms']) => {
    await mkdir(devicesOf(side))
    const vcsim = await startVcsim({ vms: 0, scenario: { agentVm: AGENT_VM, vms }, devices: devicesOf(side) })
    await connectAgent(vcsim, agentFolder(side), read)
    return vcsim
  }
  const source = await start('source', [{ name: VM_NAME, cpus: 1, memoryMiB: 512, network: 'VM Network', power: 'off', tools: true, disks: DISKS, guest: { recordsPerSecond: 25, rewriteKiBPerSecond: REWRITE_KIB_PER_SECOND } }])
  const target = await start('target', [])
  const [targetDatastore = ''] = Object.values(target.datastores)
  const connection = await readConnection(agentFolder('source'))
  const openSource = () => {
    const hypervisor = vsphereHypervisor({ connection, devicesDirectory: devicesOf('source'), leastRoundMs: 1_000, dataDirectory: join(folder, 'test-agent'), agentName: 'test' })
    return { hypervisor, close: () => hypervisor.close() }
  }
  const { hypervisor, close } = openSource()
  const vmRef = (await hypervisor.listVms()).find(({ name }) => name === VM_NAME)?.ref ?? ''
  await close()
  return {
    source, target, vmRef,
    agentFolder,
    expected: { name: VM_NAME, disks: DISKS.map(({ sizeMiB }, at) => ({ key: `disk-${FIRST_DISK_KEY + at}`, sizeBytes: sizeMiB * MIB })) },
    writesWithoutAgent: true,
    holdsWrites: false,
    servesShadows: false,
    openSource,
    agentEnv: (side) => vsphereAgentEnv(devicesOf(side)),
    guestProgress: async () => (await source.guest(VM_NAME)).acknowledgedSequence,
    async difference(key) {
      const { sha256 } = await source.disk(VM_NAME, Number(key.slice('disk-'.length)) - FIRST_DISK_KEY)
      const replica = await readFile(join(targetDatastore, 'driftless', 'm-1', `${key}-flat.vmdk`))
      return createHash('sha256').update(replica).digest('hex') === sha256 ? null : `${key} and its replica differ`
    },
    close: async () => {
      await source.stop()
      await target.stop()
    },
  }
}
