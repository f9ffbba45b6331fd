import { z } from 'zod'

/**
 * One integer, a dated line a bump: 1 (2026-11-29) the first; 2 (2026-11-29) a cutover may say that a guest that refuses to shut down
 * is powered off, and after how long. An order has the lowest version that can say what it says, so that agents of before obey all others.
 */
export const ORDER_VERSION = 1
export const ORDER_VERSION_POWER_OFF = 2

const id = z.string().min(1).max(120)
/** ISO 8601, UTC. */
const instant = z.iso.datetime()
const person = z.strictObject({ id, name: z.string().max(200) })

/** What is moved, from where to where, and what is built there. Sizes in bytes. */
export const orderPlan = z.strictObject({
  sourceAgentId: id,
  targetAgentId: id,
  vmRef: id,
  name: id,
  cpus: z.number().int().positive(),
  memoryBytes: z.number().int().nonnegative(),
  network: id,
  storage: id,
  disks: z.array(z.strictObject({ key: z.string().min(1).max(60), sizeBytes: z.number().int().nonnegative() })).min(1).max(64),
})
export type OrderPlan = z.infer<typeof orderPlan>

/**
 * The approvers' go for one VM: its source may be powered off from the window's start until `startBefore`, and what `plan`
 * says be started at the target until `expiresAt`. The window is the booked one, narrowed by the approval policy: it begins when the
 * wait time is over and locks out when the go expires. `onRefusedShutdown`: they were told of it and said go; without it nobody did.
 * `powerOffAfterSeconds`: for at least so long the guest may shut down by itself before.
 */
export const cutoverOrder = z.strictObject({
  version: z.union([z.literal(ORDER_VERSION), z.literal(ORDER_VERSION_POWER_OFF)]),
  onRefusedShutdown: z.literal('POWER_OFF').optional(),
  powerOffAfterSeconds: z.number().int().positive().optional(),
  kind: z.literal('CUTOVER'),
  id,
  migrationId: id,
  plan: orderPlan,
  planHash: z.string().regex(/^[0-9a-f]{64}$/),
  approval: z.strictObject({
    waveId: id,
    bookingId: id,
    decidedBy: person,
    decidedAt: instant,
    window: z.strictObject({ startsAt: instant, lockoutAt: instant, endsAt: instant }),
  }),
  startBefore: instant,
  expiresAt: instant,
}).refine(({ version, onRefusedShutdown, powerOffAfterSeconds }) => [onRefusedShutdown, powerOffAfterSeconds].every((word) => (version === ORDER_VERSION_POWER_OFF) === (word !== undefined)), 'an order has the lowest version that can say what it says')
export type CutoverOrder = z.infer<typeof cutoverOrder>

const givenUp = { version: z.literal(ORDER_VERSION), id, migrationId: id, sourceAgentId: id, targetAgentId: id, decidedBy: person, decidedAt: instant, expiresAt: instant }

/** A migration was given up: its replica is removed, and a source that is off on its account is powered on. */
export const discardOrder = z.strictObject({ ...givenUp, kind: z.literal('DISCARD') })
export type DiscardOrder = z.infer<typeof discardOrder>

/** A VM that lives at the target goes home: it is shut down there and started at its source. */
export const returnOrder = z.strictObject({ ...givenUp, kind: z.literal('RETURN') })
export type ReturnOrder = z.infer<typeof returnOrder>

export const order = z.discriminatedUnion('kind', [cutoverOrder, discardOrder, returnOrder])
export type Order = z.infer<typeof order>

/** An order as it is stored and carried: the text that was signed, to the byte, and Ed25519's signature in base64. */
export type SignedOrder = { readonly payload: string; readonly signature: string }
