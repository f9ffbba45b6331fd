import type { BillingKind, BookingStatus, CutoverStatus, LedgerEntry, MigrationStatus, ReturnStatus, ShipmentStatus, WaitReason, Word } from '@driftless/domain'
import type { Order } from '@driftless/orders'

/** What stands in PostgreSQL, as far as the contract needs it. Moments are those of its clock, in milliseconds. */

export type AttemptRow = {
  readonly number: number
  readonly bookingId: string
  status: CutoverStatus
  statusChangedAtMs: number
  acknowledged: number | null
  shadowGone: boolean
  sourceReturned: boolean
  failureCode: string | null
}
export type ReturnRow = {
  readonly attempt: number
  readonly wayBack: boolean
  readonly byDefault: boolean
  readonly orderId: string | null
  status: ReturnStatus
  statusChangedAtMs: number
  targetHash: string | null
  failureCode: string | null
}
export type BookingRow = {
  readonly id: string
  status: BookingStatus
  startsAtMs: number
  endsAtMs: number
  lockoutAtMs: number
  expiresAtMs: number | null
  readonly words: Word[]
}
export type OrderRow = { readonly bookingId: string | null; readonly planVersion: number; readonly order: Order }

export type ShipmentRow = {
  status: ShipmentStatus
  /** Null while no carrier has them. */
  expectedAtMs: number | null
  readonly vmIds: readonly string[]
  /** Migrations that were in step once since the import. */
  readonly caughtUp: Set<string>
}

export type SourceReport = {
  readonly stage: string
  readonly attempt: number
  readonly connected: boolean
  readonly backgroundLeftBytes: number
  readonly foregroundLeftBytes: number
  readonly comparing: boolean
  readonly guestOn: boolean
  readonly off: boolean
  readonly finalSynced: boolean
  readonly hash: string | null
  readonly reread: 'RUNNING' | 'EQUAL' | 'DIFFERENT' | 'FAILED' | null
  readonly acknowledged: number
  readonly problem: { readonly code: string; readonly message: string } | null
  /** Of a VM that travels by device. */
  readonly seed: { readonly exported: boolean; readonly problem: string | null } | null
}
export type TargetReport = {
  readonly stage: string
  readonly attempt: number
  readonly hash: string | null
  readonly handedBack: boolean
  readonly wayBackConnected: boolean
  readonly shadow: { readonly on: boolean; readonly health: string; readonly sequenceAtBoot: number | null; readonly wrote: boolean } | null
  readonly problem: { readonly code: string; readonly message: string } | null
  readonly seed: { readonly imported: boolean; readonly problem: string | null } | null
}

export type MigrationRow = {
  readonly id: string
  readonly position: number
  readonly dependsOnIds: readonly string[]
  readonly apartGroup: string | null
  readonly cutoverAtMs: number | null
  status: MigrationStatus
  resumeStatus: MigrationStatus | null
  waitReason: WaitReason | null
  waitDetail: string | null
  cutoverRequested: boolean
  validationEndsAtMs: number | null
  wayBack: boolean
  acceptAsked: boolean
  notConverging: boolean
  /** It was ready for its cutover once. */
  everReady: boolean
  readonly attempts: AttemptRow[]
  readonly returns: ReturnRow[]
  readonly orders: OrderRow[]
  source: SourceReport | null
  sourceAtMs: number | null
  target: TargetReport | null
  targetAtMs: number | null
}

/** The ledger only grows; `entries` holds what its unique key let in. */
export type Ledger = { readonly keys: Set<string>; readonly entries: (LedgerEntry & { readonly kind: BillingKind })[] }

export const latest = <T>(rows: readonly T[]): T | null => rows.at(-1) ?? null
