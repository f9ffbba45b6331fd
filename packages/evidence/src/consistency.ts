import { isSigned } from '@driftless/audit-chain'
import type { EvidenceAttempt, EvidencePack, EvidenceVm } from './pack.ts'
import { hashOf } from './sections.ts'

/** Instants in a pack are read off different clocks: agents', the coordinator's and the database's. Beyond this they contradict one another. */
const CLOCKS_APART_MS = 60_000
/** A downtime is computed from the two instants it stands between. */
const ROUNDING_SECONDS = 0.002

/**
 * What a pack says that cannot be true, each as a sentence: whoever signed it, these do not fit one another. Nothing: it is
 * consistent.
 */
export function contradictions(pack: EvidencePack): string[] {
  return [...plans(pack), ...windows(pack), ...pack.vms.flatMap((vm) => [...attempts(pack, vm), ...returns(vm), ...endings(pack, vm), ...shipments(pack, vm)]), ...auditRest(pack)]
}

function plans({ approvals }: EvidencePack): string[] {
  return approvals.flatMap(({ plan, planHash, decision, by }) => {
    if (plan === null && planHash === null) return []
    return plan !== null && hashOf(plan) === planHash ? [] : [`The plan that ${by.name}'s ${decision === 'GO' ? 'go' : 'no-go'} is bound to is not the one with that hash.`]
  })
}

function windows({ windows: all, approvals, wave }: EvidencePack): string[] {
  return [
    ...all.flatMap(({ bookingId, startsAt, lockoutAt, endsAt, requested, decided }) => [
      ...(inOrder([startsAt, lockoutAt, endsAt], 0) ? [] : [`The window ${bookingId} does not begin before its lockout and end after it.`]),
      ...(decided === null || inOrder([requested.at, decided.at]) ? [] : [`The window ${bookingId} was decided before it was requested.`]),
      ...(inOrder([wave.planned.at, requested.at]) ? [] : [`The window ${bookingId} was requested before its wave was planned.`]),
    ]),
    ...approvals.flatMap(({ bookingId, at, by }) => {
      const booked = all.find((one) => one.bookingId === bookingId)
      if (booked === undefined) return [`${by.name}'s approval is for a window that does not stand in the pack.`]
      return inOrder([booked.requested.at, at]) ? [] : [`${by.name}'s approval was said before its window was requested.`]
    }),
  ]
}

function attempts(pack: EvidencePack, vm: EvidenceVm): string[] {
  return vm.attempts.flatMap((attempt, index) => {
    const which = `Attempt ${attempt.number} of ${vm.source.name}`
    const before = vm.attempts[index - 1]
    return [
      ...(before !== undefined && before.number >= attempt.number ? [`${which} does not stand behind attempt ${before.number}.`] : []),
      ...(before !== undefined && !inOrder([before.steps.at(-1)?.reachedAt, attempt.steps[0]?.reachedAt]) ? [`${which} began before attempt ${before.number} had ended.`] : []),
      ...times(which, attempt),
      ...(pack.windows.some(({ bookingId }) => bookingId === attempt.bookingId) ? [] : [`${which} names a window that does not stand in the pack.`]),
      ...disks(which, vm, attempt.disks, attempt.status === 'COMMITTED'),
      ...(attempt.status === 'COMMITTED' ? committed(which, pack, attempt) : []),
    ]
  })
}

function shipments({ format }: EvidencePack, vm: EvidenceVm): string[] {
  if (vm.shipments === undefined) return format === 3 ? [] : [`${vm.source.name}: nothing is said of its shipments.`]
  if (format === 3) return [`${vm.source.name}: a pack of format 3 knows of no shipments.`]
  return vm.shipments.flatMap(({ shipmentId, status, custody, seed }) => {
    const which = `The shipment ${shipmentId} of ${vm.source.name}`
    const imported = status === 'IMPORTED' || status === 'CAUGHT_UP'
    return [
      ...(inOrder(custody.map(({ at }) => at)) ? [] : [`${which}: its custody record does not stand in the order of its times.`]),
      ...(seed.manifestHash !== null && seed.importedManifestHash !== null && seed.manifestHash !== seed.importedManifestHash ? [`${which}: what was read is not what the source had signed.`] : []),
      ...(imported && !custody.some(({ what }) => what === 'RECEIVED') ? [`${which}: it was read, and nobody had received it.`] : []),
    ]
  })
}

function times(which: string, { steps, downtime, status }: EvidenceAttempt): string[] {
  const last = steps.at(-1)
  const { seconds, sourceLastWriteAt: from, targetFirstWriteAt: to } = downtime
  const measured = from === null || to === null ? null : Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
  return [
    ...(inOrder(steps.map(({ reachedAt }) => reachedAt)) ? [] : [`${which}: its steps do not stand in the order of their times.`]),
    ...steps.flatMap((step, index) => {
      const next = steps[index + 1]
      const took = next === undefined ? null : (Date.parse(next.reachedAt) - Date.parse(step.reachedAt)) / 1000
      return sameSeconds(step.seconds, took) ? [] : [`${which}: ${step.step} did not take as long as the pack says.`]
    }),
    ...(last === undefined || last.step === status ? [] : [`${which} is ${status}, and its last step is ${last.step}.`]),
    ...(sameSeconds(seconds, measured) || seconds === null ? [] : [`${which}: the downtime is not the time between the last write at the source and the first at the target.`]),
  ]
}

function committed(which: string, { approvals }: EvidencePack, { bookingId, steps, guest, secondReading }: EvidenceAttempt): string[] {
  const stopped = steps.find(({ step }) => step === 'SOURCE_QUIESCING')?.reachedAt
  const gone = stopped === undefined || approvals.some((word) => word.decision === 'GO' && word.bookingId === bookingId && Date.parse(word.at) <= Date.parse(stopped) + CLOCKS_APART_MS)
  return [
    ...(stopped === undefined ? [`${which} was committed without its source being stopped.`] : []),
    ...(gone ? [] : [`${which}: its source was stopped, and nobody had said go.`]),
    ...(guest.foundAtTarget !== null && guest.acknowledgedAtSource !== null && guest.foundAtTarget < guest.acknowledgedAtSource ? [`${which}: the guest found fewer records at the target than it had acknowledged at the source.`] : []),
    ...(secondReading === 'DIFFERENT' ? [`${which}: the second reading of the source's disks found a difference.`] : []),
  ]
}

function returns(vm: EvidenceVm): string[] {
  return vm.returns.flatMap((back) => {
    const which = `The return of ${vm.source.name} from attempt ${back.attempt}`
    return [
      ...(inOrder([back.asked.at, ...back.steps.map(({ reachedAt }) => reachedAt)]) ? [] : [`${which}: its steps do not stand in the order of their times.`]),
      ...(vm.attempts.some(({ number, status }) => number === back.attempt && status === 'COMMITTED') ? [] : [`${which}: that attempt was never committed.`]),
      ...disks(which, vm, back.disks, back.status === 'RETURNED' && back.wayBack),
    ]
  })
}

function endings({ state, kind, factsAt }: EvidencePack, vm: EvidenceVm): string[] {
  const { ending } = vm
  if (ending === null) return state === 'FINAL' ? [`The pack is final, and ${vm.source.name} has no end in it.`] : []
  const committedAt = vm.attempts.findLast(({ status }) => status === 'COMMITTED')?.steps.at(-1)?.reachedAt
  const atTarget = ending.kind === 'ACCEPTED' || ending.kind === 'RETURNED'
  return [
    ...(atTarget && committedAt === undefined ? [`${vm.source.name} was ${ending.kind.toLowerCase()}, and no attempt was committed.`] : []),
    ...(ending.kind === 'ACCEPTED' && vm.attempts.at(-1)?.status !== 'COMMITTED' ? [`${vm.source.name} was accepted, and its last attempt was not committed.`] : []),
    ...(atTarget && ending.at === null ? [`${vm.source.name} was ${ending.kind.toLowerCase()} at no time.`] : []),
    ...(inOrder([committedAt, ending.at, kind === 'VM' || atTarget ? factsAt : undefined]) ? [] : [`${vm.source.name}: its end does not stand between its last attempt and the making of the pack.`]),
    ...(ending.by !== null && ending.asAgreed ? [`${vm.source.name}: its end was decided by a person, and by the agreement.`] : []),
  ]
}

/** Every disk that was moved has a hash of either side where they were compared, and what was proven is that they are the same. */
function disks(which: string, vm: EvidenceVm, proven: EvidenceAttempt['disks'], mustBeEqual: boolean): string[] {
  return [
    ...proven.flatMap(({ key, sourceHash, targetHash, equal }) => {
      const same = sourceHash !== null && sourceHash === targetHash
      if (equal !== same) return [`${which}: the pack says that the hashes of ${key} are ${equal ? 'equal' : 'different'}, and they are not.`]
      return mustBeEqual && !same ? [`${which}: the hashes of ${key} at source and target differ.`] : []
    }),
    ...(mustBeEqual ? vm.bytes.filter(({ key }) => !proven.some((disk) => disk.key === key)).map(({ key }) => `${which}: there are no hashes of ${key}.`) : []),
  ]
}

function auditRest({ state, audit, customer }: EvidencePack): string[] {
  if (audit === null) return state === 'FINAL' ? ['The pack is final, and names nothing of the audit log.'] : []
  const { chain, entries, head } = audit
  const same = entries.find(({ sequence }) => sequence === head?.sequence)
  return [
    ...(chain === `tenant/${customer.id}` ? [] : [`The pack rests on the audit log ${chain}, which is not its customer's.`]),
    ...(entries.length === 0 ? ['The pack is final, and names no entry of the audit log.'] : []),
    ...(entries.every((entry, index) => index === 0 || (entries[index - 1]?.sequence ?? 0) < entry.sequence) ? [] : ['The entries of the audit log do not stand in their order.']),
    ...(head === null || (head.chain === chain && isSigned(head)) ? [] : ['The published head of the audit log is not signed by the key that it names, or is of another log.']),
    ...(same === undefined || same.hash === head?.hash ? [] : [`Entry ${same.sequence} of the audit log has another hash than the one that was published.`]),
  ]
}

/** Whether instants stand in their order, `apartMs` more or less; what is not known is passed over. */
function inOrder(instants: readonly (string | null | undefined)[], apartMs = CLOCKS_APART_MS): boolean {
  const known = instants.filter((at) => at !== null && at !== undefined).map((at) => Date.parse(at))
  return known.every((at, index) => index === 0 || at >= (known[index - 1] ?? at) - apartMs)
}

function sameSeconds(one: number | null, other: number | null): boolean {
  return one === null || other === null ? one === other : Math.abs(one - other) <= ROUNDING_SECONDS
}
