import { MIGRATION_ENDED } from '@driftless/domain'
import { z } from 'zod'
import type { ScopedTx } from '../scope.ts'

const row = z.object({ id: z.string(), name: z.string(), provider_id: z.string(), tenant_id: z.string(), target_site_id: z.string(), vms: z.number(), target_agent_ids: z.array(z.string()), free: z.number().nullable() })

/**
 * What a booking rests on, in one question, since many may ask it at once: the wave, its VMs that are not over, and how many places are free in the slot
 * that it wants (null: nobody has booked it before, or none is wanted). Null when the scope knows no such wave.
 */
export async function readWaveToBook(tx: ScopedTx, waveId: string, slotKey: string | null) {
  const rows: unknown = await tx.db.$queryRaw`
    SELECT w.id, w.name, w.provider_id, w.tenant_id, d.target_site_id, s.cutovers - s.held_cutovers AS free,
      (SELECT count(*)::int FROM migration m WHERE m.wave_id = w.id AND NOT (m.status::text = ANY (${[...MIGRATION_ENDED]}))) AS vms,
      ARRAY(SELECT DISTINCT m.target_agent_id FROM migration m WHERE m.wave_id = w.id AND m.target_agent_id IS NOT NULL) AS target_agent_ids
    FROM wave w JOIN destination d ON d.id = w.destination_id LEFT JOIN window_slot s ON s.target_site_id = d.target_site_id AND s.slot_key = ${slotKey}
    WHERE w.id = ${waveId}`
  const [found] = z.array(row).parse(rows)
  return found
    ? { id: found.id, name: found.name, providerId: found.provider_id, tenantId: found.tenant_id, targetSiteId: found.target_site_id, vms: found.vms, targetAgentIds: found.target_agent_ids, free: found.free }
    : null
}
