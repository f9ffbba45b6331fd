import type { AuditOwner } from '@driftless/db'
import type { Person } from '@/server/person.ts'

/** Whose entries a person may look for, as row-level security has it; named, so that the log is read by its index. */
export function whose({ tenantId, providerId }: Person): AuditOwner {
  return tenantId === null ? { providerId } : { tenantId }
}
