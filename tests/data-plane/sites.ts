/** A source with one VM and an empty target, for each hypervisor and tap that the promises are made of. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '@driftless/launch/setup/command.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { z } from 'zod'
import type { Hypervisor } from '../../apps/agent/src/hypervisors/hypervisor.ts'
import { labHypervisor } from '../../apps/agent/src/hypervisors/lab/lab-hypervisor.ts'
import type { TapChoice } from '../../apps/agent/src/hypervisors/qemu/attach-tap.ts'
import { qemuHypervisor } from '../../apps/agent/src/hypervisors/qemu/qemu-hypervisor.ts'
import { connectQmp } from '../../apps/agent/src/hypervisors/qemu/qmp.ts'
import { vmPaths } from '../../apps/agent/src/hypervisors/qemu/vm-record.ts'
import { startNodeProgram } from '../support/node-program.ts'
import { qemuTestHost, withoutQemu } from '../support/qemu.ts'
import { vsphere } from './vsphere-site.ts'

const MIB = 1024 * 1024
const VM_REF = 'vm-1'

/** Two hosts, one of them with one VM, off or waiting for its disks. */
export interface Site {
  readonly vmRef: string
  /** What the inventory must say. */
  readonly expected: { readonly name: string; readonly disks: readonly { key: string; sizeBytes: number }[] }
  /** The guest's own path to its disks does not lead through the agent: it goes on while the agent is away. */
  readonly writesWithoutAgent: boolean
  /** All its disks' writes can be held for a moment, so that one moment of the VM can be tested. */
  readonly holdsWrites: boolean
  /** The target boots a shadow VM from disks that the agent serves: it can test one, and follow what one writes. */
  readonly servesShadows: boolean
  /** The source's hypervisor, asked from within the test. For QEMU: only while no agent is connected. */
  openSource(): { hypervisor: Hypervisor; close(): Promise<void> | void }
  /** What an agent must be told of its hypervisor. */
  agentEnv(side: 'source' | 'target'): Record<string, string>
  /** How far the guest's writes have come, asked past every agent. */
  guestProgress(): Promise<number>
  /** Compares a source disk with a raw file by means that are not ours; null when they are the same. The VM is off. */
  difference(key: string, rawFile: string): Promise<string | null>
  close(): Promise<void>
}

export interface SiteKind {
  readonly name: string
  /** This machine cannot run it. */
  readonly missing: boolean
  /** Its guest waits for an agent that is away, for seconds, and then goes past it: what it writes from then on is not seen. */
  readonly goesPast?: boolean
  open(folder: string): Promise<Site>
}

const lab = (name: string, guest: Readonly<Record<string, unknown>> = {}): SiteKind => ({
  name,
  missing: false,
  async open(folder) {
    const scenario = join(folder, 'scenario.json')
    const disks = [{ sizeMiB: 32, filledMiB: 8, scratchMiB: 2 }, { sizeMiB: 16, filledMiB: 4, scratchMiB: 1 }]
    await writeFile(scenario, JSON.stringify({ seed: 'conformance', vms: [{ ref: VM_REF, name: VM_REF, guestOs: 'Lab', cpus: 1, memoryMiB: 512, network: 'n', ledgerRecordsPerSecond: 25, rewriteKiBPerSecond: 512, workingSet: 0.5, disks, ...guest }] }))
    const host = async (side: string, more: Record<string, string>) => {
      await mkdir(join(folder, side))
      return startNodeProgram(join(ROOT, 'apps', 'lab', 'src', 'main.ts'), { LAB_DIR: join(folder, side), LAB_SOCKET: socketOf(side), LAB_NBD_DIR: join(folder, `${side}-nbd`), ...more })
    }
    const socketOf = (side: string) => join(folder, `${side}.sock`)
    const source = await host('source', { LAB_SCENARIO: scenario })
    const target = await host('target', {})
    const hypervisor = labHypervisor(socketOf('source'))
    return {
      vmRef: VM_REF,
      expected: { name: VM_REF, disks: disks.map(({ sizeMiB }, at) => ({ key: `disk-${at}`, sizeBytes: sizeMiB * MIB })) },
      writesWithoutAgent: false,
      holdsWrites: true,
      servesShadows: true,
      openSource: () => ({ hypervisor, close: () => undefined }),
      agentEnv: (side) => ({ HYPERVISOR: 'lab', LAB_SOCKET: socketOf(side), NBD_DIR: join(folder, `${side}-nbd`) }),
      guestProgress: async () => (await hypervisor.findVm(VM_REF))?.guest.acknowledgedSequence ?? 0,
      async difference(key, rawFile) {
        const same = (await readFile(join(folder, 'source', `${VM_REF}-${key}.raw`))).equals(await readFile(rawFile))
        return same ? null : `${key} and ${rawFile} differ`
      },
      close: async () => {
        await source.stop()
        await target.stop()
      },
    }
  },
})

export const LAB: SiteKind = lab('lab, served')
/** Its guest works on when it is asked to shut down. */
export const DEAF_LAB: SiteKind = lab('lab, a guest that does not shut down', { ignoresShutdown: true })

const writeOperations = z.array(z.object({ stats: z.object({ wr_operations: z.number() }) }))

const qemu = (tap: TapChoice, secondFormat: 'raw' | 'qcow2'): SiteKind => ({
  name: `qemu, ${tap}, raw${secondFormat === 'raw' ? '' : ` and ${secondFormat}`}`,
  missing: withoutQemu,
  goesPast: tap === 'in-path',
  async open(folder) {
    const source = await qemuTestHost(folder, 's')
    const target = await qemuTestHost(folder, 't')
    const disks = [{ sizeBytes: 32 * MIB, format: 'raw', filledBytes: 8 * MIB }, { sizeBytes: 16 * MIB, format: secondFormat, filledBytes: 4 * MIB }] as const
    const paths = await source.makeVm({ ref: VM_REF, disks, random: 20 })
    const { monitor } = vmPaths(join(source.directory, VM_REF))
    return {
      vmRef: VM_REF,
      expected: { name: VM_REF, disks: disks.map(({ sizeBytes }, at) => ({ key: `disk-${at}`, sizeBytes })) },
      writesWithoutAgent: tap !== 'in-path',
      holdsWrites: tap !== 'bitmaps',
      servesShadows: true,
      openSource: () => {
        const hypervisor = qemuHypervisor({ directory: source.directory, program: source.program, tap })
        return { hypervisor, close: () => hypervisor.close() }
      },
      agentEnv: (side) => ({ HYPERVISOR: 'qemu', QEMU_DIR: side === 'source' ? source.directory : target.directory, QEMU_SYSTEM: source.program, QEMU_TAP: tap }),
      async guestProgress() {
        const qmp = await connectQmp(monitor)
        const all = await qmp.execute('query-blockstats', {}, writeOperations).finally(() => qmp.close())
        return all.reduce((sum, { stats }) => sum + stats.wr_operations, 0)
      },
      async difference(key, rawFile) {
        const at = disks.findIndex((_, index) => key === `disk-${index}`)
        const { code, output } = await runCommand(join(source.qemu.programs, 'qemu-img'), ['compare', '-U', '-f', disks[at]?.format ?? '', '-F', 'raw', paths[at] ?? '', rawFile])
        return code === 0 ? null : output.trim()
      },
      close: async () => {
        await source.close()
        await target.close()
      },
    }
  },
})

export const SITES: readonly SiteKind[] = [LAB, qemu('mirror', 'qcow2'), qemu('bitmaps', 'qcow2'), qemu('in-path', 'raw'), vsphere('hot-add')]
