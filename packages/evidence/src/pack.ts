import { anchor, hash } from '@driftless/audit-chain'
import { BOOKING_STATUSES, CUTOVER_MODES, CUTOVER_STATUSES, MIGRATION_STATUSES, RETURN_STATUSES, SHUTDOWN_REFUSALS, VALIDATION_DEFAULTS } from '@driftless/domain'
import { z } from 'zod'
import { evidenceShipment } from './shipments.ts'

/**
 * A dated number: what a reader of packs must understand.
 * 1 (2026-11-23): the first. 2 (2026-11-25): a disk's hash is BLAKE3 over the BLAKE3 hashes of its 64 KiB pieces; parts of the downtime.
 * 3 (2026-11-29): signed; per VM and per wave; every approval with its plan, every attempt, the end, and positions in the audit log.
 * 4 (2026-11-30): the shipments by which a VM travelled: devices, custody, what was signed, read and damaged.
 */
export const EVIDENCE_FORMAT = 4
/** Signed packs of these formats are verified. */
export const evidenceFormat = z.union([z.literal(3), z.literal(EVIDENCE_FORMAT)])
export type EvidenceFormat = z.infer<typeof evidenceFormat>

export const HASH_ALGORITHM = 'BLAKE3 of the BLAKE3 hashes of each 64 KiB'

/** ISO 8601, UTC. */
const instant = z.iso.datetime()
const bytes = z.number().int().min(0)
const count = z.number().int().min(0)
const seconds = z.number().min(0)
const named = z.strictObject({ id: z.string(), name: z.string() })
/** As they were called when the pack was made; an id alone where nobody knows them any more. */
const person = z.strictObject({ id: z.string(), name: z.string(), role: z.string().nullable() })

const window = z.strictObject({
  bookingId: z.string(),
  kind: z.enum(['CUTOVER', 'TEST']),
  status: z.enum(BOOKING_STATUSES),
  startsAt: instant,
  lockoutAt: instant,
  endsAt: instant,
  /** What the customer had asked for, where the provider offered another time. */
  asked: z.strictObject({ startsAt: instant, endsAt: instant }).nullable(),
  requested: z.strictObject({ by: person, at: instant, note: z.string().nullable() }),
  decided: z.strictObject({ by: person, at: instant, reason: z.string().nullable() }).nullable(),
})

const approval = z.strictObject({
  id: z.string(),
  bookingId: z.string(),
  decision: z.enum(['GO', 'NO_GO']),
  by: person,
  at: instant,
  reason: z.string().nullable(),
  /** Null: said before plans were kept. */
  planHash: hash.nullable(),
  /** As it was hashed, so whatever a later version may have put into it. */
  plan: z.json().nullable(),
})

/** A step of an attempt: how long it was expected to take when the attempt began, when it was reached, how long it took. */
const step = z.strictObject({
  step: z.enum(CUTOVER_STATUSES),
  planned: z.strictObject({ p50Seconds: seconds, p90Seconds: seconds }).nullable(),
  reachedAt: instant,
  /** Null: the last one. */
  seconds: z.number().nullable(),
})

const provenDisk = z.strictObject({ key: z.string(), sizeBytes: bytes, sourceHash: hash.nullable(), targetHash: hash.nullable(), equal: z.boolean() })

const attempt = z.strictObject({
  number: z.number().int().min(1),
  bookingId: z.string(),
  status: z.enum(CUTOVER_STATUSES),
  steps: z.array(step),
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  /** When it was certain, after a failed attempt, that no VM of it runs at the target, and when the source ran again. */
  /** Its guest did not shut down in its time, and was powered off as this person's go had agreed; null: it shut down. */
  poweredOff: z.strictObject({ at: instant, agreedBy: z.string() }).nullable(),
  shadowGoneAt: instant.nullable(),
  sourceReturnedAt: instant.nullable(),
  downtime: z.strictObject({
    seconds: seconds.nullable(),
    sourceLastWriteAt: instant.nullable(),
    targetFirstWriteAt: instant.nullable(),
    partsInSeconds: z.record(z.string(), z.number()).nullable(),
  }),
  disks: z.array(provenDisk),
  /** The source's disks read whole once more, after the target had begun to start; null: an agent that does not. */
  secondReading: z.string().nullable(),
  /** The guest's own check: records that it had acknowledged at the source, and found at the target. */
  guest: z.strictObject({ acknowledgedAtSource: count.nullable(), foundAtTarget: count.nullable(), health: z.string().nullable() }),
})

const vmReturn = z.strictObject({
  attempt: z.number().int().min(1),
  status: z.enum(RETURN_STATUSES),
  asked: z.strictObject({ by: person, at: instant, reason: z.string() }),
  byAgreement: z.boolean(),
  /** What the VM wrote at the target came with it. */
  wayBack: z.boolean(),
  steps: z.array(z.strictObject({ step: z.enum(RETURN_STATUSES), reachedAt: instant })),
  disks: z.array(provenDisk),
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
})

/** How a VM's migration ended. By nobody: the period agreed on ran out, or none was agreed on. */
const ending = z.strictObject({
  kind: z.enum(['ACCEPTED', 'RETURNED', 'CANCELLED', 'FAILED', 'ROLLED_BACK']),
  at: instant.nullable(),
  by: person.nullable(),
  asAgreed: z.boolean(),
  reason: z.string().nullable(),
})

const agent = z.strictObject({ id: z.string(), name: z.string(), host: z.string(), version: z.string(), protocol: z.number().int(), certificateFingerprint: z.string() })

const vm = z.strictObject({
  migrationId: z.string(),
  status: z.enum(MIGRATION_STATUSES),
  source: z.strictObject({ name: z.string(), ref: z.string(), guestOs: z.string() }),
  target: z.strictObject({ cpus: count, memoryBytes: bytes, network: z.string(), storage: z.string() }),
  agents: z.strictObject({ source: agent.nullable(), target: agent.nullable() }),
  replication: z.strictObject({ startedAt: instant.nullable(), readyAt: instant.nullable() }),
  /** What was moved of each disk: what was there, what was written meanwhile, what went over the line. */
  bytes: z.array(z.strictObject({ key: z.string(), sizeBytes: bytes, backgroundBytes: bytes, foregroundBytes: bytes, sentBytes: bytes })),
  /** Also those that were given up; absent: in format 3. */
  shipments: z.array(evidenceShipment).optional(),
  attempts: z.array(attempt),
  returns: z.array(vmReturn),
  ending: ending.nullable(),
})

/** What is known of a VM or a wave at a moment, before it has a place in the audit log and a signature. */
export const evidenceFacts = z.strictObject({
  kind: z.enum(['VM', 'WAVE']),
  /** When all of this was read: at the end itself, in its transaction. */
  factsAt: instant,
  provider: named,
  customer: named,
  sourceSite: named,
  destination: named,
  targetSite: named,
  wave: z.strictObject({
    id: z.string(),
    name: z.string(),
    planned: z.strictObject({ by: person, at: instant }),
    startedAt: instant.nullable(),
    agreement: z.strictObject({
      mode: z.enum(CUTOVER_MODES), parallelCutovers: count, shutdownSeconds: count, shutdownRefusal: z.enum(SHUTDOWN_REFUSALS),
      validationMinutes: count, validationDefault: z.enum(VALIDATION_DEFAULTS), keepWayBack: z.boolean(),
    }),
    /** What was forecast when it was started. */
    forecast: z.json(),
  }),
  windows: z.array(window),
  approvals: z.array(approval),
  vms: z.array(vm).min(1),
})
export type EvidenceFacts = z.infer<typeof evidenceFacts>
export type EvidenceVm = EvidenceFacts['vms'][number]
export type EvidenceAttempt = EvidenceVm['attempts'][number]

const auditPosition = z.strictObject({ sequence: z.number().int().min(1), hash, at: instant, action: z.string(), subjectKind: z.string(), subjectId: z.string() })
export type AuditPosition = z.infer<typeof auditPosition>

/** The entries of the audit log that a pack rests on, and the head that was published last when it was signed (null: none was). */
const auditRest = z.strictObject({ chain: z.string(), entries: z.array(auditPosition), head: z.strictObject(anchor.shape).nullable() })
export type AuditRest = z.infer<typeof auditRest>

/**
 * An evidence pack. FINAL: how it ended stands in it, and it never changes. UNFINISHED: how things stood when somebody asked;
 * it is not signed and proves nothing. `sections`: the SHA-256 of each part, so that a changed one can be named.
 */
export const evidencePack = z.strictObject({
  ...evidenceFacts.shape,
  format: evidenceFormat,
  state: z.enum(['FINAL', 'UNFINISHED']),
  /** From 1: a VM that was accepted and returned later has one for each end. 0: unfinished. */
  edition: count,
  hashAlgorithm: z.string(),
  /** Names the key that signed it: the first 16 hex digits of the SHA-256 of its public half. */
  signedBy: z.string().nullable(),
  audit: auditRest.nullable(),
  sections: z.record(z.string(), hash),
})
export type EvidencePack = z.infer<typeof evidencePack>
