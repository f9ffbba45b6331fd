import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TokenBucket } from '../block/token-bucket.ts'
import { WriteGate } from '../block/write-gate.ts'
import type { HypervisorVm } from '../hypervisors/hypervisor.ts'
import type { DiskTap } from './disk-tap.ts'

/** One VM whose disks are tapped. */
export interface VmTap {
  readonly ref: string
  /** Caps the guest's writes, all disks together. */
  readonly throttle: TokenBucket
  /** Holds the guest's writes for a moment, all disks together. */
  readonly gate: WriteGate
  readonly disks: readonly DiskTap[]
  close(): Promise<void>
}

/** Taps every disk of the VM, all or nothing. Taps keep what they must remember in `stateDirectory`. */
export async function tapVm(vm: HypervisorVm, stateDirectory: string): Promise<VmTap> {
  await mkdir(stateDirectory, { recursive: true })
  const throttle = new TokenBucket()
  const gate = new WriteGate()
  const disks: DiskTap[] = []
  const close = async () => {
    throttle.setRate(null) // held-back acknowledgements go out before the taps close
    for (const disk of disks) await disk.close()
  }
  try {
    for (const disk of vm.disks) disks.push(await disk.attach({ throttle, gate, statePath: join(stateDirectory, stateNameOf(vm.ref, disk.key)) }))
  } catch (error) {
    await close()
    throw error
  }
  return { ref: vm.ref, throttle, gate, disks, close }
}

/** References come from a hypervisor and may hold anything: a hash of them is a legal file name. */
export function stateNameOf(ref: string, key: string): string {
  return createHash('sha256').update(JSON.stringify([ref, key])).digest('hex').slice(0, 24)
}
