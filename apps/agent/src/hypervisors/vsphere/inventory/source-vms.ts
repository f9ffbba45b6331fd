import type { Notice } from '@driftless/agent-api'
import { VimError, retrieveOne } from '@driftless/vim25'
import type { Ref } from '@driftless/vim25'
import type { HypervisorVm } from '../../hypervisor.ts'
import { guestOf } from './guest-report.ts'
import type { Inventory } from './inventory.ts'
import { originalName } from './migrated-name.ts'
import { blockersOf, remarksOf } from './obstacles.ts'
import type { Places } from './places.ts'
import type { TappedVms } from '../rounds/tapped-vms.ts'
import type { VCenter } from '../connection/vcenter.ts'
import { VM_PROPERTIES, keyOf, vmFacts } from './vm-facts.ts'
import type { DiskFacts, VmFacts } from './vm-facts.ts'
import type { VmSettings } from './vm-settings.ts'
import { readShape } from './vm-shape.ts'

/** What the guest of a VM that migrates says of itself is asked for this often for lists; for the VM alone, each time. */
const SETTINGS_EVERY_MS = 2_000

export interface SourceVmsOptions {
  readonly vcenter: VCenter
  readonly inventory: Inventory
  readonly places: Places
  readonly settings: VmSettings
  readonly tapped: TappedVms
  /** The VM that the agent runs in, which does not migrate itself; null: it runs elsewhere. */
  readonly agentVm: string | null
  /** What else happened to a VM lately. */
  readonly noticesOf: (vm: VmFacts) => readonly Notice[]
}

interface Settings {
  readonly atMs: number
  readonly extraConfig: unknown
}

/** The VMs of a vCenter as the replicator knows VMs. */
export class SourceVms {
  readonly #options: SourceVmsOptions
  /** VMs that were asked to shut down and have not been seen off since. */
  readonly #asked = new Set<string>()
  readonly #settings = new Map<string, Settings>()

  constructor(options: SourceVmsOptions) {
    this.#options = options
    options.inventory.onChange((vm) => this.#notePower(vm))
  }

  async list(): Promise<HypervisorVm[]> {
    const { inventory, settings, agentVm } = this.#options
    await settings.refresh()
    const vms = (await inventory.list()).filter((vm) => vm.name !== agentVm)
    return Promise.all(vms.map(async (vm) => this.#asVm(vm, await this.#settingsOf(vm))))
  }

  /** The VM with this instance UUID as vCenter last told; null when there is none. */
  facts(instanceUuid: string): Promise<VmFacts | null> {
    return this.#options.inventory.find(instanceUuid)
  }

  /** The VM as it is at this moment; null when there is none. */
  async find(instanceUuid: string): Promise<HypervisorVm | null> {
    const listed = await this.facts(instanceUuid)
    return listed === null ? null : this.look(listed.moref)
  }

  /** The same, of a VM that vCenter calls so. */
  async look(moref: Ref): Promise<HypervisorVm | null> {
    const now = await this.#options.vcenter.use((vim) => retrieveOne(vim, moref, [...VM_PROPERTIES, 'config.extraConfig'])).catch((error: unknown) => {
      if (error instanceof VimError && error.code === 'GONE') return null
      throw error
    })
    if (now === null) return null
    const vm = vmFacts(now)
    if (vm === null) throw new Error(`vCenter does not tell enough of VM ${moref.value} at this moment. Check that its host is connected.`)
    this.#notePower(vm)
    const extraConfig = now.properties['config.extraConfig']
    this.#settings.set(vm.instanceUuid, { atMs: Date.now(), extraConfig })
    return this.#asVm(vm, extraConfig)
  }

  /** The VM was asked to shut down: until it is seen off it is said to be stopping. */
  noteAsked(instanceUuid: string): void {
    this.#asked.add(instanceUuid)
  }

  /** The VM is about to be powered on. */
  noteOn(instanceUuid: string): void {
    this.#asked.delete(instanceUuid)
    this.#options.tapped.get(instanceUuid)?.noteOn()
  }

  #notePower({ instanceUuid, power }: VmFacts): void {
    if (power === 'ON') this.#options.tapped.get(instanceUuid)?.noteOn()
    else this.#asked.delete(instanceUuid)
  }

  /** Only of VMs that migrate: a guest changes its settings all day, and 2,000 of them are much to ask for. */
  async #settingsOf({ instanceUuid, moref }: VmFacts): Promise<unknown> {
    if (!this.#options.tapped.isTapped(instanceUuid)) return null
    const known = this.#settings.get(instanceUuid)
    if (known !== undefined && Date.now() - known.atMs < SETTINGS_EVERY_MS) return known.extraConfig
    const { properties } = await this.#options.vcenter.use((vim) => retrieveOne(vim, moref, ['config.extraConfig']))
    this.#settings.set(instanceUuid, { atMs: Date.now(), extraConfig: properties['config.extraConfig'] })
    return properties['config.extraConfig']
  }

  async #asVm(vm: VmFacts, extraConfig: unknown): Promise<HypervisorVm> {
    const { places, settings, tapped, noticesOf } = this.#options
    const placement = await places.placementOf(vm)
    return {
      ref: vm.instanceUuid,
      name: originalName(vm.name),
      guestOs: vm.guestOs,
      cpus: vm.cpus,
      memoryBytes: vm.memoryBytes,
      network: placement.networks[0] ?? 'none',
      guest: guestOf(vm, extraConfig, this.#asked.has(vm.instanceUuid)),
      disks: vm.disks.map((disk) => ({
        key: keyOf(disk),
        sizeBytes: disk.sizeBytes,
        usedBytes: usedBytesOf(vm, disk),
        attach: (options) => tapped.attach(vm, disk.deviceKey, usedBytesOf(vm, disk), options),
      })),
      shadowNeeds: { vsphere: readShape(vm, settings.of(vm.moref.value)) },
      placement,
      blockers: blockersOf(vm),
      remarks: remarksOf(vm),
      notices: [...(tapped.get(vm.instanceUuid)?.notices ?? []), ...noticesOf(vm)].toSorted((a, b) => a.atMs - b.atMs),
    }
  }
}

/** vCenter counts what a VM takes, not what each disk does: its share by size. */
function usedBytesOf({ disks, committedBytes }: VmFacts, { sizeBytes }: DiskFacts): number {
  const totalBytes = disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)
  return totalBytes === 0 ? 0 : Math.min(sizeBytes, Math.round((committedBytes * sizeBytes) / totalBytes))
}
