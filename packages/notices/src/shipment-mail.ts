import type { SeedProblem, ShipmentNoticeKind } from '@driftless/domain'
import { dayIn, instantIn, listIn, shareIn, textsIn } from './language.ts'
import type { Language } from './language.ts'
import type { NoticeFacts, Written } from './notice-mail.ts'

/** A shipment as a mail tells of it to this reader. */
export type ShipmentNoticeFacts = {
  /** The reader is of the provider's staff. */
  readonly staff: boolean
  readonly carrier: string | null
  readonly trackingNumber: string | null
  readonly handedOverAtMs: number | null
  readonly expectedAtMs: number | null
  readonly transitDays: number
  readonly devices: number
  readonly from: string
  readonly to: string
  /** By the target's clock; null: UTC. */
  readonly zone: string | null
  /** What an agent says of a VM that cannot go on. `known`: null for a code of another version. */
  readonly problems: readonly { readonly vm: string; readonly known: SeedProblem | null; readonly message: string }[]
  readonly damagedChunks: number
  readonly damagedShare: number
}

/** What a mail about a shipment says: how it stands, who does what next, and what somebody wrote with it. */
export function shipmentMail(language: Language, kind: ShipmentNoticeKind, { name, customer, vmNames, actor, reason, shipment }: NoticeFacts): Written {
  if (shipment === null) throw new Error(`${kind} is about no shipment.`)
  const { shipments: texts, reason: becauseOf } = textsIn(language)
  const said = {
    name, customer, vms: listIn(language, vmNames), count: vmNames.length, actor, staff: shipment.staff, devices: shipment.devices, days: shipment.transitDays, from: shipment.from, to: shipment.to,
    carrier: [shipment.carrier, shipment.trackingNumber].filter((part) => part !== null).join(', '),
    handedOver: shipment.handedOverAtMs === null ? '' : instantIn(language, shipment.handedOverAtMs, shipment.zone), expected: shipment.expectedAtMs === null ? '' : dayIn(language, shipment.expectedAtMs, shipment.zone),
    pieces: shipment.damagedChunks, share: shareIn(language, shipment.damagedShare),
  }
  const text = texts.kinds[kind]
  const problems = shipment.problems.map(({ vm, known, message }) => texts.problem(vm, known === null ? texts.otherProblem : texts.problems[known], message))
  const [first = '', ...rest] = text.lines(said)
  const given = reason === null || shipment.problems.length > 0 ? [] : [`${GIVEN_UP.has(kind) ? becauseOf : texts.note} ${reason}`]
  return { subject: text.subject(said), lines: [first, ...problems, ...rest, ...given], action: text.action }
}

/** What was written with these says why; with the others it is a remark. */
const GIVEN_UP: ReadonlySet<ShipmentNoticeKind> = new Set<ShipmentNoticeKind>(['SHIPMENT_CANCELLED', 'SHIPMENT_CHANGED', 'SHIPMENT_TAKEN_BACK', 'SHIPMENT_NOT_RECEIVED'])
