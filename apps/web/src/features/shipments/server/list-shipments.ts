import { databaseNow, listShipments as list } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'

/** The customer's shipments, or all customers' for the provider's staff; newest first. */
export const listShipments = memberProcedure().query(({ ctx }) => ctx.inScope(async (tx) => list(tx, await databaseNow(tx))))
