import { evidenceHash } from '@driftless/db'
import { quantile } from '@driftless/domain'
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
 * every guest healthy with at least the records it had acknowledged, every pack's own hash right, two people behind it.
 */
export function proofOf({ vms, wave, evidence }: JobResult): Proof {
  const faults: string[] = []
  for (const migration of wave.migrations) if (migration.status !== 'COMPLETED') faults.push(`${migration.name} ended ${migration.status}`)
  for (const vm of vms) {
    const pack = evidence.find(({ content }) => content.vm.name === vm.name)
    if (!pack) {
      faults.push(`${vm.name} has no evidence pack`)
      continue
    }
    const { content, sha256 } = pack
    if (evidenceHash(content) !== sha256) faults.push(`${vm.name}: the pack's hash is wrong`)
    if (content.disks.length !== vm.disks.length) faults.push(`${vm.name}: ${content.disks.length} of ${vm.disks.length} disks are in the pack`)
    for (const disk of content.disks) if (disk.sourceHash === null || disk.sourceHash !== disk.targetHash) faults.push(`${vm.name} ${disk.key}: source and target differ`)
    const { health, acknowledgedAtSource, foundAtTarget } = content.guest
    if (health !== 'HEALTHY') faults.push(`${vm.name}: the guest is ${health ?? 'silent'}`)
    if (acknowledgedAtSource <= 0 || foundAtTarget === null || foundAtTarget < acknowledgedAtSource) faults.push(`${vm.name}: ${acknowledgedAtSource} records acknowledged, ${foundAtTarget ?? 'none'} found`)
    if (content.downtime.seconds === null) faults.push(`${vm.name}: no downtime was measured`)
    if (!content.approvals.approved || content.approvals.goNoGo?.decision !== 'GO') faults.push(`${vm.name}: an approval is missing`)
  }
  const disks = evidence.flatMap(({ content }) => content.disks)
  return {
    vms: evidence.length,
    disks: disks.length,
    bytes: disks.reduce((sum, disk) => sum + disk.sentBytes, 0),
    downtimeP50Seconds: quantile(evidence.flatMap(({ content }) => content.downtime.seconds ?? []), 0.5),
    faults,
  }
}
