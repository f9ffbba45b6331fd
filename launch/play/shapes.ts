import { z } from 'zod'

/** What the play reads of the portal's answers; the rest of them is for people. */
export const inventory = z.array(z.object({ id: z.string(), name: z.string(), siteId: z.string(), network: z.string(), cpus: z.number(), memoryBytes: z.number(), usedBytes: z.number(), health: z.string(), power: z.string(), disks: z.array(z.object({ key: z.string() })) }))
export type PlayVm = z.infer<typeof inventory>[number]

export const destinations = z.array(z.object({ id: z.string(), name: z.string(), networkMap: z.array(z.object({ source: z.string(), target: z.string() })), defaultNetwork: z.string(), storages: z.array(z.string()) }))

/** All that a simulation of the move takes: the portal's pages play it through themselves. */
export const estimate = z.object({ input: z.unknown() })

const attempt = z.object({ number: z.number(), status: z.string(), failureCode: z.string().nullable(), failureMessage: z.string().nullable(), downtimeSeconds: z.number().nullable() })
const migration = z.object({
  id: z.string(), name: z.string(), status: z.string(), waitReason: z.string().nullable(), waitDetail: z.string().nullable(),
  backgroundDoneBytes: z.number(), backgroundTotalBytes: z.number(), foregroundDoneBytes: z.number(), foregroundLeftBytes: z.number(), sentBytes: z.number(), attempts: z.array(attempt),
})
export const wave = z.object({
  migrations: z.array(migration),
  rates: z.object({ backgroundBytesPerSecond: z.number(), foregroundBytesPerSecond: z.number(), eta: z.object({ p50Seconds: z.number().nullable(), p90Seconds: z.number().nullable() }).nullable() }),
  booking: z.object({ id: z.string(), status: z.string() }).nullable(),
  goNoGo: z.object({ decision: z.string() }).nullable(),
})
export type PlayWave = z.infer<typeof wave>

export const anything = z.unknown()
