import type { ScopedTx } from '../scope.ts'

/** What VMs' disks hold, as their blocks were sampled while they were observed; VMs of which nothing was read are absent. */
export async function readVmContents(tx: ScopedTx, vmIds: readonly string[]) {
  const rows = await tx.db.vmContent.findMany({ where: { vmId: { in: [...vmIds] } }, orderBy: { vmId: 'asc' } })
  return rows.map(({ vmId, measuredAt, sizeBytes, allocatedBytes, sampledBlocks, sampledBlockBytes, zeroShare, compressedShare }) => ({
    vmId, measuredAt, sizeBytes: Number(sizeBytes), allocatedBytes: Number(allocatedBytes), sampledBlocks, sampledBlockBytes, zeroShare, compressedShare,
    /** What a first copy takes on the wire; null until blocks were read. */
    wireBytes: zeroShare === null ? null : Number(allocatedBytes) * (1 - zeroShare) * (compressedShare ?? 1),
  }))
}
export type VmContentFacts = Awaited<ReturnType<typeof readVmContents>>[number]
