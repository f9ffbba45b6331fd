import { databaseNow, readShipment as read } from '@driftless/db'
import { DomainError, isProviderRole } from '@driftless/domain'
import { z } from 'zod'
import { memberProcedure } from '@/server/trpc.ts'
import { id } from './shapes.ts'

/** A shipment as its page shows it. What lies at the provider's places is for its staff alone. */
export const readShipment = memberProcedure()
  .input(z.object({ shipmentId: id }))
  .query(async ({ ctx, input }) => {
    const found = await ctx.inScope(async (tx) => read(tx, input.shipmentId, await databaseNow(tx), { targetPlaces: isProviderRole(ctx.person.role) }))
    if (!found) throw new DomainError('SHIPMENT_UNKNOWN', 'There is no such shipment.')
    return found
  })
