import { z } from 'zod'
import { desiredState, sourceObserved, targetObserved } from '@driftless/agent-api'

const credentials = z.object({ agentId: z.string(), keyPem: z.string(), certificatePem: z.string(), caCertificatePem: z.string() })

/** How often a faulty disk errs, each out of one call; see `faulty-device.ts`. */
export const faultRates = z.object({ readError: z.number(), error: z.number(), noSpace: z.number(), drop: z.number(), repeat: z.number(), delay: z.number(), flip: z.number() })
export type FaultRates = z.infer<typeof faultRates>

export const NO_FAULTS: FaultRates = { readError: 0, error: 0, noSpace: 0, drop: 0, repeat: 0, delay: 0, flip: 0 }

/** What a side is started with. */
export const sideSettings = z.object({
  side: z.enum(['source', 'target']),
  folder: z.string(),
  credentials,
  /** Target: where it listens. */
  streamPort: z.number(),
  seed: z.number(),
  faults: faultRates,
  /** Source: from this round trip on several connections carry the stream. */
  lanesFromMs: z.number().optional(),
})
export type SideSettings = z.infer<typeof sideSettings>

/** What the test tells a side. */
export const order = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), settings: sideSettings }),
  z.object({ kind: z.literal('apply'), desired: desiredState }),
  z.object({ kind: z.literal('report') }),
  z.object({ kind: z.literal('faults'), faults: faultRates }),
])
export type Order = z.infer<typeof order>

/** What a side answers. */
export const told = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), streamPort: z.number() }),
  z.object({ kind: z.literal('report'), source: sourceObserved.nullable(), target: targetObserved.nullable(), lies: z.number() }),
])
export type Told = z.infer<typeof told>

/** The one disk of the one VM in these runs. */
export const DISK = { key: 'disk-0', sizeBytes: 16 * 1024 * 1024 }
export const VM_REF = 'vm-1'
export const MIGRATION_ID = 'm-1'
export const diskPathIn = (folder: string): string => `${folder}/vm.raw`
export const socketPathIn = (folder: string): string => `${folder}/vm.sock`
export const powerPathIn = (folder: string): string => `${folder}/power`
