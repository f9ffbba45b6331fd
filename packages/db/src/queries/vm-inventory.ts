import { DomainError } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'
import { placementOf, problemsOf } from './hypervisor-facts.ts'

/** The largest inventory that we promise to show. */
const MOST_VMS = 5_000
/** Given up: the VM is free for another wave. */
const GIVEN_UP = ['ROLLED_BACK', 'FAILED', 'CANCELLED'] as const

/** The VMs present at a tenant's source sites, each with its disks, the wave that has it, and what stands in its way. */
export async function listInventory(tx: ScopedTx) {
  const rows = await tx.db.vm.findMany({
    where: { goneAt: null }, orderBy: { name: 'asc' }, take: MOST_VMS,
    omit: { hypervisor: true },
    include: {
      site: { select: { name: true } },
      disks: { orderBy: { key: 'asc' } },
      migrations: { where: { status: { notIn: [...GIVEN_UP] } }, include: { wave: { select: { id: true, name: true } } }, take: 1 },
    },
  })
  return rows.map((vm) => {
    const migration = vm.migrations[0]
    return {
      id: vm.id, name: vm.name, guestOs: vm.guestOs, cpus: vm.cpus, memoryBytes: Number(vm.memoryBytes), network: vm.network,
      power: vm.power, health: vm.health, churnBytesPerSecond: vm.churnBytesPerSecond, siteId: vm.siteId, siteName: vm.site.name,
      disks: vm.disks.map((disk) => ({ key: disk.key, sizeBytes: Number(disk.sizeBytes), usedBytes: Number(disk.usedBytes) })),
      sizeBytes: vm.disks.reduce((sum, disk) => sum + Number(disk.sizeBytes), 0),
      usedBytes: vm.disks.reduce((sum, disk) => sum + Number(disk.usedBytes), 0),
      blockers: problemsOf(vm.blockers), remarks: problemsOf(vm.remarks),
      /** Its hypervisor says where it runs, and so what stands in its way; see `readPlacement`. */
      placed: vm.placement !== null,
      migration: migration ? { id: migration.id, status: migration.status, waveId: migration.wave.id, waveName: migration.wave.name } : null,
    }
  })
}

/** Where a VM runs, as its hypervisor last said; null: it does not say. VM_UNKNOWN. */
export async function readPlacement(tx: ScopedTx, vmId: string) {
  const vm = await tx.db.vm.findUnique({ where: { id: vmId }, select: { placement: true } })
  if (!vm) throw new DomainError('VM_UNKNOWN', 'There is no such VM.')
  return placementOf(vm.placement)
}
