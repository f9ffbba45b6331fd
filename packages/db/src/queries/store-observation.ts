import type { ObservationSource } from '@driftless/domain'
import type { ScopedTx } from '../scope.ts'

/** Observed minutes are kept this long, twice the longest observation; older ones are neither taken in nor held. */
export const OBSERVATION_DAYS = 30
/** Probes tell a line by the hour of the day; those of a quarter are enough to. */
export const PROBE_DAYS = 90
/** Clocks of sites run ahead by this much at most; what is from further on is an error of its clock. */
const AHEAD_SECONDS = 300
/** Expired rows removed at a time. */
const EXPIRED_A_RUN = 20_000

export type ObservedMinuteRow = {
  readonly vmRef: string
  readonly minuteMs: number
  readonly lengthSeconds: number
  readonly coveredSeconds: number
  readonly source: ObservationSource
  readonly writtenBytes: number
  /** Over the spans of `WORKING_SET_MINUTES`; null: not observed for as long without a gap. */
  readonly uniqueBytes: readonly (number | null)[]
  readonly blocksPerStamp: number
  readonly latencyMs: number | null
}
export type VmContentRow = {
  readonly vmRef: string
  readonly measuredAtMs: number
  readonly sizeBytes: number
  readonly allocatedBytes: number
  readonly sampledBlocks: number
  readonly sampledBlockBytes: number
  readonly zeroShare: number | null
  readonly compressedShare: number | null
}
export type LinkProbeRow = { readonly targetAgentId: string; readonly atMs: number; readonly probedBytes: number; readonly seconds: number; readonly bytesPerSecond: number; readonly roundTripMs: number }

type SourceAgent = { readonly id: string; readonly siteId: string }

/**
 * Stores the minutes that an agent has observed, in one statement. Told again, a minute changes nothing; of two tellings of one minute the
 * one that saw more of it counts. Minutes of VMs that its site does not have, or from outside the kept time, are left out.
 */
export async function storeObservedMinutes(tx: ScopedTx, agent: SourceAgent, minutes: readonly ObservedMinuteRow[]): Promise<void> {
  // One statement may write a row once only.
  const rows = [...new Map(minutes.map((minute) => [JSON.stringify([minute.vmRef, minute.minuteMs]), minute])).values()]
  if (rows.length === 0) return
  await tx.db.$executeRaw`
    INSERT INTO vm_observation AS kept (vm_id, minute, provider_id, tenant_id, length_seconds, covered_seconds, source, written_bytes,
      unique_1m, unique_5m, unique_15m, unique_60m, unique_6h, unique_24h, blocks_per_stamp, latency_ms)
    SELECT v.id, to_timestamp(said."minuteMs" / 1000.0), v.provider_id, v.tenant_id, said."lengthSeconds", least(said."coveredSeconds", said."lengthSeconds"),
      said.source::"ObservationSource", said."writtenBytes", (said."uniqueBytes"->>0)::bigint, (said."uniqueBytes"->>1)::bigint, (said."uniqueBytes"->>2)::bigint,
      (said."uniqueBytes"->>3)::bigint, (said."uniqueBytes"->>4)::bigint, (said."uniqueBytes"->>5)::bigint, said."blocksPerStamp", said."latencyMs"
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS said("vmRef" text, "minuteMs" float8, "lengthSeconds" float8, "coveredSeconds" float8, source text,
      "writtenBytes" bigint, "uniqueBytes" jsonb, "blocksPerStamp" int, "latencyMs" float8)
    JOIN vm v ON v.site_id = ${agent.siteId} AND v.ref = said."vmRef"
    WHERE to_timestamp(said."minuteMs" / 1000.0) BETWEEN clock_timestamp() - make_interval(days => ${OBSERVATION_DAYS}) AND clock_timestamp() + make_interval(secs => ${AHEAD_SECONDS})
    ON CONFLICT (vm_id, minute) DO UPDATE SET length_seconds = excluded.length_seconds, covered_seconds = excluded.covered_seconds, source = excluded.source,
      written_bytes = excluded.written_bytes, unique_1m = excluded.unique_1m, unique_5m = excluded.unique_5m, unique_15m = excluded.unique_15m,
      unique_60m = excluded.unique_60m, unique_6h = excluded.unique_6h, unique_24h = excluded.unique_24h, blocks_per_stamp = excluded.blocks_per_stamp, latency_ms = excluded.latency_ms
    WHERE excluded.covered_seconds > kept.covered_seconds`
}

/** Stores what VMs' disks hold; an older word than the stored one changes nothing. */
export async function storeVmContents(tx: ScopedTx, agent: SourceAgent, contents: readonly VmContentRow[]): Promise<void> {
  const rows = [...new Map(contents.map((content) => [content.vmRef, content])).values()]
  if (rows.length === 0) return
  await tx.db.$executeRaw`
    INSERT INTO vm_content AS kept (vm_id, provider_id, tenant_id, measured_at, size_bytes, allocated_bytes, sampled_blocks, sampled_block_bytes, zero_share, compressed_share)
    SELECT v.id, v.provider_id, v.tenant_id, least(to_timestamp(said."measuredAtMs" / 1000.0), clock_timestamp()), said."sizeBytes", said."allocatedBytes",
      said."sampledBlocks", said."sampledBlockBytes", said."zeroShare", said."compressedShare"
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS said("vmRef" text, "measuredAtMs" float8, "sizeBytes" bigint, "allocatedBytes" bigint,
      "sampledBlocks" int, "sampledBlockBytes" int, "zeroShare" float8, "compressedShare" float8)
    JOIN vm v ON v.site_id = ${agent.siteId} AND v.ref = said."vmRef"
    ON CONFLICT (vm_id) DO UPDATE SET measured_at = excluded.measured_at, size_bytes = excluded.size_bytes, allocated_bytes = excluded.allocated_bytes,
      sampled_blocks = excluded.sampled_blocks, sampled_block_bytes = excluded.sampled_block_bytes, zero_share = excluded.zero_share, compressed_share = excluded.compressed_share
    WHERE excluded.measured_at > kept.measured_at`
}

/** Stores probes of lines to target sites that the source site's customer has a destination at; others, and those told again, are left out. */
export async function storeLinkProbes(tx: ScopedTx, agent: SourceAgent, probes: readonly LinkProbeRow[]): Promise<void> {
  if (probes.length === 0) return
  await tx.db.$executeRaw`
    INSERT INTO link_probe (source_agent_id, at, provider_id, tenant_id, site_id, target_site_id, probed_bytes, seconds, bytes_per_second, round_trip_ms)
    SELECT ${agent.id}, to_timestamp(said."atMs" / 1000.0), s.provider_id, s.tenant_id, s.id, t.site_id, said."probedBytes", said.seconds, said."bytesPerSecond", said."roundTripMs"
    FROM jsonb_to_recordset(${JSON.stringify(probes)}::jsonb) AS said("targetAgentId" text, "atMs" float8, "probedBytes" bigint, seconds float8, "bytesPerSecond" float8, "roundTripMs" float8)
    JOIN site s ON s.id = ${agent.siteId} AND s.tenant_id IS NOT NULL
    JOIN agent t ON t.id = said."targetAgentId"
    WHERE EXISTS (SELECT 1 FROM destination d WHERE d.tenant_id = s.tenant_id AND d.target_site_id = t.site_id)
      AND to_timestamp(said."atMs" / 1000.0) BETWEEN clock_timestamp() - make_interval(days => ${PROBE_DAYS}) AND clock_timestamp() + make_interval(secs => ${AHEAD_SECONDS})
    ON CONFLICT DO NOTHING`
}

/** Removes a bounded piece of what is older than is kept. Answers whether there is more to do. */
export async function expireObservation(tx: ScopedTx): Promise<boolean> {
  const minutes = await tx.db.$executeRaw`
    DELETE FROM vm_observation WHERE (vm_id, minute) IN (
      SELECT vm_id, minute FROM vm_observation WHERE minute < clock_timestamp() - make_interval(days => ${OBSERVATION_DAYS}) LIMIT ${EXPIRED_A_RUN})`
  const probes = await tx.db.$executeRaw`
    DELETE FROM link_probe WHERE (source_agent_id, at) IN (
      SELECT source_agent_id, at FROM link_probe WHERE at < clock_timestamp() - make_interval(days => ${PROBE_DAYS}) LIMIT ${EXPIRED_A_RUN})`
  return minutes === EXPIRED_A_RUN || probes === EXPIRED_A_RUN
}
