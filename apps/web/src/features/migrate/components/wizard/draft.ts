import type { CutoverMode } from '@driftless/domain'
import type { AgreementDraft } from '@/features/plan/agreement-draft.ts'

export const STEPS = ['vms', 'type', 'destination', 'cutover', 'summary'] as const
export type Step = (typeof STEPS)[number]

export const GIBIBYTE = 1024 ** 3
export const MEBIBYTE = 1024 ** 2

/** How one VM arrives. Memory in GiB, as people type it. */
export type Mapping = { network: string; storage: string; cpus: string; memoryGib: string }

/** What the wizard has gathered so far, as typed. */
export type Draft = {
  name: string
  destinationId: string
  /** Only where the person has changed the proposal. */
  mappings: Readonly<Record<string, Mapping>>
  cutoverMode: CutoverMode
  agreement: AgreementDraft
  rateMib: string
}

type Destination = { networkMap: readonly { source: string; target: string }[]; defaultNetwork: string; storages: readonly string[] }
type SourceVm = { network: string; cpus: number; memoryBytes: number }

/** What a VM gets unless somebody says otherwise: the mapped network, the first storage, its own size. */
export function proposeMapping(vm: SourceVm, destination: Destination): Mapping {
  return {
    network: destination.networkMap.find(({ source }) => source === vm.network)?.target ?? destination.defaultNetwork,
    storage: destination.storages[0] ?? '',
    cpus: String(vm.cpus),
    memoryGib: String(Math.round((vm.memoryBytes / GIBIBYTE) * 100) / 100),
  }
}

/** A typed size as numbers; null where it is none. */
export function parseSize(mapping: Mapping): { cpus: number; memoryBytes: number } | null {
  const cpus = Number(mapping.cpus)
  const memoryBytes = Math.round(Number(mapping.memoryGib) * GIBIBYTE)
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > 1024) return null
  // Lab VMs are small: a sixteenth of a GiB is the least that the server takes.
  return Number.isFinite(memoryBytes) && memoryBytes >= 64 * MEBIBYTE && memoryBytes <= 64 * 1024 * GIBIBYTE ? { cpus, memoryBytes } : null
}

/** Slower than this nothing ends. */
const LEAST_RATE_MIB = 0.1

/** A typed rate in MiB/s: null for no limit, `undefined` where it is no rate. */
export function parseRate(typed: string): number | null | undefined {
  if (typed.trim() === '') return null
  const rate = Number(typed.replace(',', '.'))
  return Number.isFinite(rate) && rate >= LEAST_RATE_MIB && rate <= 900_000 ? Math.round(rate * MEBIBYTE) : undefined
}
