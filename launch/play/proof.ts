import { quantile } from '@driftless/domain'
import { fileText, verifyFile } from '@driftless/evidence'
import type { EvidenceFile } from '@driftless/evidence'
import type { JobResult } from './main-job.ts'

/** What the play claims at its end, and everything that speaks against it. */
export type Proof = {
  readonly vms: number
  readonly disks: number
  readonly bytes: number
  readonly downtimeP50Seconds: number | null
  /** Empty when all is well. */
  readonly faults: readonly string[]
}

/**
 * Holds the evidence packs against what was to be moved: every VM completed, every disk with equal hashes of both sides,
 * every guest healthy with at least the records it had acknowledged, every pack genuine, two people behind it.
 */
export function proofOf({ vms, wave, evidence }: JobResult): Proof {
  const faults: string[] = []
  for (const migration of wave.migrations) if (migration.status !== 'COMPLETED') faults.push(`${migration.name} ended ${migration.status}`)
  for (const vm of vms) {
    const file = evidence.find(({ pack }) => movedIn(pack)?.name === vm.name)
    const moved = file && movedIn(file.pack)
    if (!file || !moved) {
      faults.push(`${vm.name} has no evidence pack`)
      continue
    }
    const report = verifyFile(Buffer.from(fileText(file)), [])
    if (report.kind !== 'GENUINE') faults.push(`${vm.name}: the pack is ${report.kind}: ${'faults' in report ? report.faults.join(' ') : ''}`)
    const { disks, guest, downtime, bookingId } = moved
    if (disks.length !== vm.disks.length) faults.push(`${vm.name}: ${disks.length} of ${vm.disks.length} disks are in the pack`)
    for (const disk of disks) if (!disk.equal) faults.push(`${vm.name} ${disk.key}: source and target differ`)
    if (guest.health !== 'HEALTHY') faults.push(`${vm.name}: the guest is ${guest.health ?? 'silent'}`)
    if ((guest.acknowledgedAtSource ?? 0) <= 0 || guest.foundAtTarget === null || guest.foundAtTarget < (guest.acknowledgedAtSource ?? 0)) faults.push(`${vm.name}: ${guest.acknowledgedAtSource ?? 'no'} records acknowledged, ${guest.foundAtTarget ?? 'none'} found`)
    if (downtime.seconds === null) faults.push(`${vm.name}: no downtime was measured`)
    const decided = file.pack.windows.some((window) => window.bookingId === bookingId && window.decided !== null) && file.pack.approvals.some((word) => word.bookingId === bookingId && word.decision === 'GO')
    if (!decided) faults.push(`${vm.name}: an approval is missing`)
  }
  const moves = evidence.flatMap(({ pack }) => movedIn(pack) ?? [])
  return {
    vms: evidence.length,
    disks: moves.reduce((sum, { disks }) => sum + disks.length, 0),
    bytes: evidence.flatMap(({ pack }) => pack.vms.flatMap((vm) => vm.bytes)).reduce((sum, disk) => sum + disk.sentBytes, 0),
    downtimeP50Seconds: quantile(moves.flatMap(({ downtime }) => downtime.seconds ?? []), 0.5),
    faults,
  }
}

/** The attempt of a pack of one VM that was committed, with that VM's name. */
export function movedIn({ vms: [vm] }: EvidenceFile['pack']) {
  const attempt = vm?.attempts.findLast(({ status }) => status === 'COMMITTED')
  return vm && attempt ? { ...attempt, name: vm.source.name } : null
}
