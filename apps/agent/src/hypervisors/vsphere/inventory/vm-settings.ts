import { retrieve } from '@driftless/vim25'
import { z } from 'zod'
import type { VCenter } from '../connection/vcenter.ts'

/** Settings are changed by hand, and seldom; reading those of 2,000 VMs takes a second or two. */
const FRESH_FOR_MS = 10 * 60_000

/** What goes with a VM to where it moves: what its guest's own check is told, and nothing of the source's own management. */
const CARRIED = /^(guestinfo\.driftless\.(?!report$)|driftless\.sim\.|disk\.EnableUUID$)/
const MOST_CARRIED = 50

export const vmSetting = z.object({ key: z.string().max(120), value: z.string().max(4_000) })
export type VmSetting = z.infer<typeof vmSetting>

const settings = z.array(vmSetting.catch({ key: '', value: '' })).catch([])

/** Whether a setting of a source's VM may be set on its shadow VM. */
export const isCarried = (key: string): boolean => CARRIED.test(key)

/** Of a VM's `config.extraConfig` what goes with it. */
export const carriedSettings = (extraConfig: unknown): VmSetting[] => settings.parse(extraConfig).filter(({ key }) => isCarried(key)).slice(0, MOST_CARRIED)

/**
 * What of every VM's settings goes with it. Read apart from the inventory, as a guest changes its own settings all day and each
 * change would send all of them.
 */
export class VmSettings {
  readonly #vcenter: VCenter
  #known = new Map<string, VmSetting[]>()
  #readAtMs = 0
  #reading: Promise<void> | null = null

  constructor(vcenter: VCenter) {
    this.#vcenter = vcenter
  }

  /** Sees to it that they are known. Rejects with `VimError`. */
  async refresh(): Promise<void> {
    if (Date.now() - this.#readAtMs < FRESH_FOR_MS) return
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null
    })
    await this.#reading
  }

  /** Of the VM that vCenter calls so, as far as known. */
  of(vm: string): readonly VmSetting[] {
    return this.#known.get(vm) ?? []
  }

  async #read(): Promise<void> {
    const found = await this.#vcenter.use((vim) => retrieve(vim, { type: 'VirtualMachine', properties: ['config.extraConfig'] }))
    this.#known = new Map(found.map(({ ref, properties }) => [ref.value, carriedSettings(properties['config.extraConfig'])]))
    this.#readAtMs = Date.now()
  }
}
