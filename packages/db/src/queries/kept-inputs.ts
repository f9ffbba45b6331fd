import { forecastWave, rateRules } from '@driftless/domain'
import type { WaveForecast, WaveInput } from '@driftless/domain'
import { z } from 'zod'

const lineRate = z.object({ p50BytesPerSecond: z.number(), p90BytesPerSecond: z.number() })
const span = z.object({ fromMs: z.number(), toMs: z.number(), lockoutMs: z.number().exactOptional() })
const vm = z.object({
  id: z.string(), usedBytes: z.number(), sizeBytes: z.number(), unprovenBytes: z.number().exactOptional(), sentShare: z.number().exactOptional(), intervalSeconds: z.number(),
  dirtiedBytes: z.array(z.number().nullable()), firstIntervalAtMs: z.number(), workingSet: z.array(z.object({ spanSeconds: z.number(), uniqueBytes: z.number() })).exactOptional(), writeLatencyMs: z.number().exactOptional(),
})
const waveInput: z.ZodType<WaveInput> = z.object({
  vms: z.array(vm),
  link: lineRate.extend({
    byHour: z.array(lineRate.extend({ hour: z.number() })).exactOptional(),
    limit: z.object({ schedule: z.object({ zone: z.string(), rules: rateRules }), siteBytesPerSecond: z.number().nullable() }).exactOptional(),
  }),
  capBytesPerSecond: z.number().nullable(), throttleBytesPerSecond: z.number().nullable(), startAtMs: z.number(), timeZone: z.string(), daySeconds: z.number().exactOptional(), parallelCopies: z.number(), parallelCutovers: z.number(),
  othersWantBytesPerSecond: z.array(z.number().nullable()), targetBytesPerSecond: z.number().exactOptional(), window: span.nullable(), windows: z.array(span),
  measured: z.object({ shutdownSeconds: z.array(z.number()), startSeconds: z.array(z.number()) }).nullable(), correction: z.object({ p50Factor: z.number(), p90Factor: z.number() }).nullable(),
})

/** What an estimate was made of, as it is kept: all that its simulation takes, how each VM had been observed, and how often it was run. */
export const keptInputs = z.object({ input: waveInput, runs: z.number(), sources: z.array(z.object({ id: z.string(), name: z.string(), source: z.string().nullable() })) })

/** Makes a kept estimate again; with the version of the simulation that made it, it comes to the same. */
export function forecastAgain(inputs: unknown): WaveForecast {
  const { input, runs } = keptInputs.parse(inputs)
  return forecastWave(input, { runs })
}
