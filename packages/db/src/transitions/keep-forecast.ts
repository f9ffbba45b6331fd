import { FORECAST_MODEL } from '@driftless/domain'
import type { WaveForecast } from '@driftless/domain'
import { z } from 'zod'
import type { Prisma } from '../generated/client.ts'
import type { WaveFacts } from '../queries/forecast.ts'
import { keptPrediction } from '../queries/kept-estimate.ts'
import { keptInputs } from '../queries/kept-inputs.ts'
import type { ScopedTx } from '../scope.ts'
import { keepEstimate } from './keep-estimate.ts'
import type { EstimateSubject } from './keep-estimate.ts'

export type KeptForecast = WaveFacts & { readonly forecast: WaveForecast }
type Owner = { readonly providerId: string; readonly tenantId: string; readonly siteId: string }

/** Keeps a forecast that counts with all it was made of, so that it can be made again. */
export async function keepForecast(tx: ScopedTx, { providerId, tenantId, siteId }: Owner, subject: EstimateSubject, { input, vms: sources, forecast }: KeptForecast): Promise<void> {
  const { vms, windowChance, runs, ...wave } = forecast
  await keepEstimate(tx, {
    providerId, tenantId, siteId, ...subject, model: FORECAST_MODEL,
    inputs: storable(keptInputs.parse({ input, runs, sources })), predicted: storable(keptPrediction.parse({ wave, vms, windowChance })),
  })
}

/** As a row's JSON. */
function storable(value: object): Prisma.InputJsonObject {
  return z.record(z.string(), z.json()).parse(value)
}
