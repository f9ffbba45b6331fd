import type { BookingStatus, CutoverMode, CutoverStatus, MigrationStatus, ReturnStatus, ShutdownRefusal, ValidationDefault } from '@driftless/domain'
import type { EvidenceShipmentRows } from './shipments.ts'

/** A row's JSON: parsed where it is used. */
type Json = unknown
type Named = { readonly id: string; readonly name: string }

/** What the database knows of one VM's migration, as it is stored. */
export type EvidenceVmRows = {
  readonly id: string
  readonly status: MigrationStatus
  readonly cpus: number
  readonly memoryBytes: bigint
  readonly network: string
  readonly storage: string
  readonly startedAt: Date | null
  readonly readyAt: Date | null
  readonly endedAt: Date | null
  readonly acceptAskedById: string | null
  readonly sourceAgentId: string | null
  readonly targetAgentId: string | null
  readonly vm: { readonly name: string; readonly ref: string; readonly guestOs: string }
  readonly replications: readonly { readonly diskKey: string; readonly sizeBytes: bigint; readonly backgroundDoneBytes: bigint; readonly foregroundDoneBytes: bigint; readonly sentBytes: bigint }[]
  /** In the order in which they began. */
  readonly shipmentVms: readonly EvidenceShipmentRows[]
  /** In their order. */
  readonly attempts: readonly {
    readonly number: number; readonly bookingId: string; readonly status: CutoverStatus; readonly reachedAt: Json; readonly forecast: Json; readonly poweredOffAt: Date | null; readonly poweredOffBy: string | null; readonly shadowGoneAt: Date | null; readonly sourceReturnedAt: Date | null
    readonly failureCode: string | null; readonly failureMessage: string | null; readonly sourceHashes: Json; readonly targetHashes: Json; readonly sourceLastWriteAt: Date | null; readonly targetFirstWriteAt: Date | null
    readonly downtimeSeconds: number | null; readonly acknowledgedSequence: bigint | null; readonly sequenceAtBoot: bigint | null; readonly proof: Json
  }[]
  /** In their order. */
  readonly returns: readonly {
    readonly attempt: number; readonly status: ReturnStatus; readonly reachedAt: Json; readonly wayBack: boolean; readonly byDefault: boolean; readonly reason: string; readonly askedById: string | null
    readonly askedByName: string; readonly askedAt: Date; readonly sourceHashes: Json; readonly targetHashes: Json; readonly failureCode: string | null; readonly failureMessage: string | null
  }[]
}

/** All rows that a pack is made of: `packages/db` reads them, nothing is left out that `facts-of.ts` asks for. */
export type EvidenceRows = {
  readonly now: Date
  readonly provider: Named
  readonly customer: Named
  readonly sourceSite: Named
  readonly destination: Named
  readonly targetSite: Named
  readonly wave: {
    readonly id: string; readonly name: string; readonly createdById: string; readonly createdAt: Date; readonly startedAt: Date | null; readonly estimate: Json; readonly cutoverMode: CutoverMode; readonly parallelCutovers: number
    readonly shutdownSeconds: number; readonly shutdownRefusal: ShutdownRefusal; readonly validationMinutes: number; readonly validationDefault: ValidationDefault; readonly keepWayBack: boolean
  }
  readonly people: readonly (Named & { readonly role: string })[]
  readonly agents: readonly (Named & { readonly host: string; readonly version: string; readonly protocol: number; readonly certificateFingerprint: string })[]
  /** Every window that was ever asked for, in the order of the requests. */
  readonly bookings: readonly {
    readonly id: string; readonly kind: 'CUTOVER' | 'TEST'; readonly status: BookingStatus; readonly startsAt: Date; readonly lockoutAt: Date; readonly endsAt: Date; readonly askedStartsAt: Date | null; readonly askedEndsAt: Date | null
    readonly note: string | null; readonly decisionReason: string | null; readonly requestedById: string; readonly requestedAt: Date; readonly decidedById: string | null; readonly decidedAt: Date | null
  }[]
  /** Every word on the wave, oldest first. */
  readonly words: readonly { readonly id: string; readonly bookingId: string; readonly decision: 'GO' | 'NO_GO'; readonly reason: string | null; readonly decidedById: string; readonly decidedAt: Date; readonly planHash: string | null; readonly plan: Json }[]
  readonly vms: readonly EvidenceVmRows[]
}
