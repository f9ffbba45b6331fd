export type DiskCopy = { readonly backgroundDoneBytes: bigint; readonly backgroundTotalBytes: bigint; readonly sizeBytes: bigint }

/** How much of what was there already is copied, over many disks: 0 to 1; null before any agent has counted. */
export function copiedShare(disks: readonly DiskCopy[]): number | null {
  const total = disks.reduce((sum, disk) => sum + Number(disk.backgroundTotalBytes), 0)
  if (total === 0) return null
  return Math.min(1, disks.reduce((sum, disk) => sum + Number(disk.backgroundDoneBytes), 0) / total)
}
