import { z } from 'zod'
import { labDisk, labHealth, labWorkload } from '@driftless/lab-api'

/** What a host tells a guest process. */
export const toGuest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), name: z.string(), workload: labWorkload, acknowledgedSequence: z.number().int().nonnegative(), disks: z.array(labDisk.omit({ usedBytes: true })).min(1) }),
  z.object({ type: z.literal('shutdown') }),
])
export type ToGuest = z.infer<typeof toGuest>
export type GuestStart = Extract<ToGuest, { type: 'start' }>

/** What a guest process tells its host: the outside witness. An `acknowledged` record is on the disk, flushed. */
export const fromGuest = z.discriminatedUnion('type', [
  z.object({ type: z.literal('health'), health: labHealth, detail: z.string().nullable(), sequenceAtBoot: z.number().int().nonnegative().nullable() }),
  z.object({ type: z.literal('acknowledged'), sequence: z.number().int().positive(), atMs: z.number() }),
])
export type FromGuest = z.infer<typeof fromGuest>
