import { databaseNow, denyReceipt as deny, importShipment as read, receiveShipment as receive } from '@driftless/db'
import { z } from 'zod'
import { providerProcedure } from '@/server/trpc.ts'
import { id, note, places } from './shapes.ts'
import { wakeShipment } from './wake-shipment.ts'

/** The provider's staff have the devices in their hands. */
export const receiveShipment = providerProcedure('receive-disks')
  .input(z.object({ shipmentId: id, sealsIntact: z.boolean(), note }))
  .mutation(async ({ ctx, input: { shipmentId, ...said } }) => {
    await ctx.inScope(async (tx) => receive(tx, shipmentId, said, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, shipmentId)
  })

/** The devices were not received after all. */
export const denyReceipt = providerProcedure('receive-disks')
  .input(z.object({ shipmentId: id, reason: z.string().max(500) }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope(async (tx) => deny(tx, input.shipmentId, input.reason, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, input.shipmentId)
  })

/** They have connected them: from these places they are read. Said again, it is tried anew. */
export const importShipment = providerProcedure('receive-disks')
  .input(z.object({ shipmentId: id, places }))
  .mutation(async ({ ctx, input }) => {
    await ctx.inScope(async (tx) => read(tx, input.shipmentId, input.places, await databaseNow(tx)))
    await wakeShipment(ctx.inScope, input.shipmentId)
  })
