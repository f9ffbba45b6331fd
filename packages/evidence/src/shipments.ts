import { SHIPMENT_STATUSES } from '@driftless/domain'
import type { ShipmentStatus } from '@driftless/domain'
import { z } from 'zod'

const instant = z.iso.datetime()
const bytes = z.number().int().min(0)

/** A VM's way by device: whose hands the devices were in, what the source signed, what the target read of it. Since format 4. */
export const evidenceShipment = z.strictObject({
  shipmentId: z.string(),
  status: z.enum(SHIPMENT_STATUSES),
  carrier: z.string().nullable(),
  trackingNumber: z.string().nullable(),
  handedOverAt: instant.nullable(),
  expectedAt: instant.nullable(),
  /** `deviceIds`: one for each seed on it, as the source's agent made them. */
  devices: z.array(z.strictObject({ place: z.string(), deviceIds: z.array(z.string()), storedBytes: bytes, seal: z.string().nullable() })),
  /** Oldest first, as they were written down at the time. */
  custody: z.array(z.strictObject({ what: z.string(), at: instant, by: z.string(), note: z.string().nullable(), detail: z.json() })),
  seed: z.strictObject({
    exportedAt: instant.nullable(), bytes: bytes.nullable(), storedBytes: bytes.nullable(), manifestHash: z.string().nullable(),
    importedAt: instant.nullable(), importedManifestHash: z.string().nullable(), damagedChunks: bytes.nullable(), damagedBytes: bytes.nullable(),
    /** Unique bytes written at the source between the export's begin and the import's end: the wire brought them. */
    writtenMeanwhileBytes: bytes.nullable(), caughtUpAt: instant.nullable(),
  }),
})
export type EvidenceShipment = z.infer<typeof evidenceShipment>

/** One VM's part in a shipment, as it is stored. */
export type EvidenceShipmentRows = {
  readonly exportedAt: Date | null; readonly seedBytes: bigint | null; readonly storedBytes: bigint | null; readonly manifestHash: string | null
  readonly importedAt: Date | null; readonly importedManifestHash: string | null; readonly damagedChunks: number | null; readonly damagedBytes: bigint | null
  readonly writtenMeanwhileBytes: bigint | null; readonly caughtUpAt: Date | null
  readonly shipment: {
    readonly id: string; readonly status: ShipmentStatus; readonly carrier: string | null; readonly trackingNumber: string | null; readonly handedOverAt: Date | null; readonly expectedAt: Date | null
    readonly devices: readonly { readonly place: string; readonly deviceIds: readonly string[]; readonly storedBytes: bigint; readonly seal: string | null }[]
    readonly events: readonly { readonly what: string; readonly at: Date; readonly actorName: string; readonly note: string | null; readonly detail: unknown }[]
  }
}

/** What a pack says of a VM's shipment. Pure. */
export function shipmentOf({ shipment, ...row }: EvidenceShipmentRows): EvidenceShipment {
  const at = (date: Date | null) => date?.toISOString() ?? null
  const number = (value: bigint | null) => (value === null ? null : Number(value))
  return {
    shipmentId: shipment.id, status: shipment.status, carrier: shipment.carrier, trackingNumber: shipment.trackingNumber, handedOverAt: at(shipment.handedOverAt), expectedAt: at(shipment.expectedAt),
    devices: shipment.devices.map(({ place, deviceIds, storedBytes, seal }) => ({ place, deviceIds: [...deviceIds], storedBytes: Number(storedBytes), seal })),
    custody: shipment.events.map(({ what, at: moment, actorName, note, detail }) => ({ what, at: moment.toISOString(), by: actorName, note, detail: z.json().catch(null).parse(detail ?? null) })),
    seed: {
      exportedAt: at(row.exportedAt), bytes: number(row.seedBytes), storedBytes: number(row.storedBytes), manifestHash: row.manifestHash, importedAt: at(row.importedAt), importedManifestHash: row.importedManifestHash,
      damagedChunks: row.damagedChunks, damagedBytes: number(row.damagedBytes), writtenMeanwhileBytes: number(row.writtenMeanwhileBytes), caughtUpAt: at(row.caughtUpAt),
    },
  }
}
