import { readSeedOffer, readWaveShipment } from '@driftless/db'
import { DomainError } from '@driftless/domain'
import { z } from 'zod'
import { memberProcedure, tenantProcedure } from '@/server/trpc.ts'
import { id } from './shapes.ts'

/** Whether VMs of a site could travel by device to a destination, and where their seeds could be written. */
export const seedOffer = tenantProcedure()
  .input(z.object({ siteId: id, destinationId: id }))
  .query(async ({ ctx, input }) => {
    const offer = await ctx.inScope((tx) => readSeedOffer(tx, input.siteId, input.destinationId))
    if (!offer) throw new DomainError('DESTINATION_UNKNOWN', 'There is no such destination.')
    return offer
  })

/** A wave's shipment, and which of its VMs may still travel by device. */
export const ofWave = memberProcedure()
  .input(z.object({ waveId: id }))
  .query(async ({ ctx, input }) => {
    const found = await ctx.inScope((tx) => readWaveShipment(tx, input.waveId))
    if (!found) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
    return found
  })
