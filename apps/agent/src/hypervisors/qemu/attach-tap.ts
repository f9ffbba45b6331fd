import type { DiskTap, TapOptions } from '../../tap/disk-tap.ts'
import type { QemuVm } from './qemu-vm.ts'
import type { QemuDisk } from './vm-record.ts'

/** How the disks of a host's VMs are tapped: each beside or in the guest's path by its own means. */
export const TAP_CHOICES = ['mirror', 'bitmaps', 'in-path'] as const
export type TapChoice = (typeof TAP_CHOICES)[number]

/** A disk with its sizes in bytes. */
export type SizedDisk = QemuDisk & { readonly sizeBytes: number; readonly usedBytes: number }

/** Puts a tap on a disk of a VM, while it runs or not. */
export function attachTap(vm: QemuVm, disk: SizedDisk, choice: TapChoice, options: TapOptions): Promise<DiskTap> {
  return Promise.reject(new Error(`The ${choice} tap of ${vm.record.ref}/${disk.key} is not built yet (${options.statePath}).`))
}
