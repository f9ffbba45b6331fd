import type { ScopedTx } from '../scope.ts'
import type { Placement, Problem } from './hypervisor-facts.ts'

/** Agents send their inventory every 30 s; a VM missing from three has gone, even if two agents share the site. */
const GONE_AFTER_SECONDS = 90
/** Weight of the newest interval in the smoothed write rate: about five reports of memory. */
const SMOOTHING = 0.2
/** Where distinct pages were counted this recently, they are the churn; every write counted is only an upper bound. */
const MEASURED_SECONDS = 600

export type InventoryRow = {
  readonly ref: string
  readonly name: string
  readonly guestOs: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly network: string
  readonly power: string
  readonly health: string
  readonly writtenBytes: number
  readonly hypervisor: Readonly<Record<string, unknown>>
  readonly disks: readonly { readonly key: string; readonly sizeBytes: number; readonly usedBytes: number }[]
  readonly placement?: Placement | undefined
  readonly blockers?: readonly Problem[] | undefined
  readonly remarks?: readonly Problem[] | undefined
}

/**
 * Brings a source site's VMs to what its agent sees. VMs that it no longer sees are marked gone and keep their
 * history. The churn is the measured one where there are samples, else the smoothed rate of all writes.
 */
export async function storeInventory(tx: ScopedTx, site: { readonly siteId: string; readonly providerId: string; readonly tenantId: string }, vms: readonly InventoryRow[]): Promise<void> {
  const json = JSON.stringify(vms)
  await tx.db.$executeRaw`
    INSERT INTO vm AS present (id, provider_id, tenant_id, site_id, ref, name, guest_os, cpus, memory_bytes, network, power, health, written_bytes, hypervisor, placement, blockers, remarks, seen_at, gone_at)
    SELECT gen_random_uuid()::text, ${site.providerId}, ${site.tenantId}, ${site.siteId}, said.ref, said.name, said."guestOs", said.cpus, said."memoryBytes",
      said.network, said.power, said.health, said."writtenBytes", said.hypervisor, said.placement, coalesce(said.blockers, '[]'), coalesce(said.remarks, '[]'), clock_timestamp(), NULL
    FROM jsonb_to_recordset(${json}::jsonb) AS said(ref text, name text, "guestOs" text, cpus int, "memoryBytes" bigint, network text, power text, health text, "writtenBytes" bigint,
      hypervisor jsonb, placement jsonb, blockers jsonb, remarks jsonb)
    ORDER BY said.ref
    ON CONFLICT (site_id, ref) DO UPDATE SET name = excluded.name, guest_os = excluded.guest_os, cpus = excluded.cpus, memory_bytes = excluded.memory_bytes,
      network = excluded.network, power = excluded.power, health = excluded.health, hypervisor = excluded.hypervisor, placement = excluded.placement, blockers = excluded.blockers, remarks = excluded.remarks,
      seen_at = excluded.seen_at, gone_at = NULL, written_bytes = excluded.written_bytes,
      churn_bytes_per_second = CASE
        WHEN excluded.written_bytes >= present.written_bytes AND excluded.seen_at > present.seen_at + interval '1 second'
        THEN (1 - ${SMOOTHING}::float8) * present.churn_bytes_per_second
          + ${SMOOTHING}::float8 * (excluded.written_bytes - present.written_bytes) / extract(epoch FROM excluded.seen_at - present.seen_at)::float8
        ELSE present.churn_bytes_per_second END`
  await tx.db.$executeRaw`
    INSERT INTO vm_disk AS present (id, provider_id, tenant_id, vm_id, key, size_bytes, used_bytes)
    SELECT gen_random_uuid()::text, v.provider_id, v.tenant_id, v.id, disk.key, disk."sizeBytes", disk."usedBytes"
    FROM jsonb_to_recordset(${json}::jsonb) AS said(ref text, disks jsonb)
    JOIN vm v ON v.site_id = ${site.siteId} AND v.ref = said.ref
    CROSS JOIN LATERAL jsonb_to_recordset(said.disks) AS disk(key text, "sizeBytes" bigint, "usedBytes" bigint)
    ORDER BY v.id, disk.key
    ON CONFLICT (vm_id, key) DO UPDATE SET size_bytes = excluded.size_bytes, used_bytes = excluded.used_bytes
    WHERE (present.size_bytes, present.used_bytes) IS DISTINCT FROM (excluded.size_bytes, excluded.used_bytes)`
  await tx.db.$executeRaw`
    UPDATE vm SET churn_bytes_per_second = measured.rate
    FROM (SELECT s.vm_id, (sum(s.unique_write_bytes) / sum(s.interval_seconds))::float8 AS rate FROM telemetry_sample s
      JOIN vm v ON v.id = s.vm_id WHERE v.site_id = ${site.siteId} AND s.at > clock_timestamp() - make_interval(secs => ${MEASURED_SECONDS}) AND s.interval_seconds > 0
      GROUP BY s.vm_id) AS measured
    WHERE vm.id = measured.vm_id`
  await tx.db.$executeRaw`
    UPDATE vm SET gone_at = clock_timestamp()
    WHERE site_id = ${site.siteId} AND gone_at IS NULL AND seen_at < clock_timestamp() - make_interval(secs => ${GONE_AFTER_SECONDS})`
}
