import { beginShipment as begin, cancelShipment as cancel, changeSourcePlaces, changeTransitDays, correctHandOver, databaseNow, handOverShipment, takeBackShipment } from '@driftless/db'
import { z } from 'zod'
import { tenantProcedure } from '@/server/trpc.ts'
import { id, note, places, transitDays } from './shapes.ts'
import { wakeShipment } from './wake-shipment.ts'

/** Sends VMs of a wave by device. Answers the shipment's id. */
export const beginShipment = tenantProcedure('ship-disks')
  .input(z.object({ waveId: id, migrationIds: z.array(id).max(500), places, transitDays }))
  .mutation(async ({ ctx, input }) => {
    const shipmentId = await ctx.inScope(async (tx) => begin(tx, input, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, shipmentId)
    return { shipmentId }
  })

const wordsOfHandOver = z.object({
  shipmentId: id, carrier: z.string().trim().min(1).max(100), trackingNumber: z.string().trim().max(100).transform((text) => (text === '' ? null : text)).nullable(), handedOverAt: z.date(),
  seals: z.array(z.object({ place: z.string().min(1).max(60), seal: z.string().trim().min(1).max(60) })).max(16), note,
})

/** The devices go to a carrier. */
export const handOver = tenantProcedure('ship-disks')
  .input(wordsOfHandOver)
  .mutation(async ({ ctx, input: { shipmentId, ...said } }) => {
    await ctx.inScope(async (tx) => handOverShipment(tx, shipmentId, said, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, shipmentId)
  })

/** What was said of that is put right while they are on their way; `note` says why. */
export const correct = tenantProcedure('ship-disks')
  .input(wordsOfHandOver)
  .mutation(async ({ ctx, input: { shipmentId, ...said } }) => {
    await ctx.inScope(async (tx) => correctHandOver(tx, shipmentId, said, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, shipmentId)
  })

/** The devices are with the customer again. */
export const takeBack = tenantProcedure('ship-disks')
  .input(z.object({ shipmentId: id, reason: z.string().max(500) }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope(async (tx) => takeBackShipment(tx, input.shipmentId, input.reason, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, input.shipmentId)
  })

/** Other places for seeds that are being written. */
export const changePlaces = tenantProcedure('ship-disks')
  .input(z.object({ shipmentId: id, places }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope(async (tx) => changeSourcePlaces(tx, input.shipmentId, input.places, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, input.shipmentId)
  })

/** How many days the carrier takes. */
export const changeDays = tenantProcedure('ship-disks')
  .input(z.object({ shipmentId: id, transitDays }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope(async (tx) => changeTransitDays(tx, input.shipmentId, input.transitDays, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, input.shipmentId)
  })

/** Gives it up: the VMs go over the wire. */
export const cancelShipment = tenantProcedure('ship-disks')
  .input(z.object({ shipmentId: id, reason: z.string().max(500) }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope(async (tx) => cancel(tx, input.shipmentId, input.reason, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, input.shipmentId)
  })
