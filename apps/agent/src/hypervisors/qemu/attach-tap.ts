import type { DiskTap, TapOptions } from '../../tap/disk-tap.ts'
import { BitmapsTap } from './bitmaps-tap.ts'
import { InPathTap } from './in-path-tap.ts'
import { MirrorTap } from './mirror-tap.ts'
import type { LiveDisk } from './qemu-disk.ts'
import type { QemuVm } from './qemu-vm.ts'
import type { QemuDisk } from './vm-record.ts'
import { tapSocket } from './vm-record.ts'

/** How the disks of a host's VMs are tapped. */
export type TapChoice = 'mirror' | 'bitmaps' | 'in-path'

/** A disk with its sizes in bytes. */
export type SizedDisk = QemuDisk & { readonly sizeBytes: number; readonly usedBytes: number }

function liveDisk(vm: QemuVm, disk: SizedDisk): LiveDisk {
  const { key, location, nodeName, deviceId, sizeBytes, usedBytes } = disk
  const { ref } = vm.record
  if (location.kind === 'NBD') throw new Error(`Disk "${key}" of VM "${ref}" is served by an agent already; such a VM is a shadow and is not migrated from here.`)
  return {
    vm: { ref, link: vm.link, exportSocketPath: vm.paths.exports },
    key, sizeBytes, usedBytes,
    rawPath: location.format === 'raw' ? location.path : null,
    node: nodeName,
    device: deviceId,
    socketPath: tapSocket(vm.paths, key),
    takeBack: () => vm.openDisk(disk),
  }
}

/** Puts a tap on a disk of a VM, while it runs or not. */
export async function attachTap(vm: QemuVm, disk: SizedDisk, choice: TapChoice, options: TapOptions): Promise<DiskTap> {
  const live = liveDisk(vm, disk)
  switch (choice) {
    case 'mirror':
      return MirrorTap.attach(live, options)
    case 'bitmaps':
      return BitmapsTap.attach(live, options)
    case 'in-path':
      return InPathTap.attach(live, options)
  }
}
