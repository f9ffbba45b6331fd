import { setImmediate as nextTurn } from 'node:timers/promises'
import { DOWNTIME_PARTS, cutoverPlan } from '@driftless/domain'
import { fileHash, fileText } from '../file.ts'
import type { EvidenceFile } from '../file.ts'
import type { EvidenceAttempt, EvidencePack, EvidenceVm } from '../pack.ts'
import type { EvidenceShipment } from '../shipments.ts'
import { openFonts } from './fonts.ts'
import { openSheet } from './sheet.ts'
import type { Cell, Sheet } from './sheet.ts'
import { PARTS, SHIPMENT_STEPS, STEPS, count, endInWords, moment, secondsInWords, sizeInWords } from './words.ts'

/** The name of the pack inside the PDF. */
const ATTACHED = 'evidence.json'

/**
 * A pack as a document for people, with the pack itself attached to it. The same bytes for the same pack, wherever it is made.
 * `fontFolder`: that of the package @fontsource/noto-sans.
 */
export async function renderPdf(file: EvidenceFile, fontFolder: string): Promise<Buffer> {
  const { pack, signature } = file
  const text = fileText({ pack, signature })
  const sha256 = fileHash(text)
  const subject = subjectOf(pack)
  const sheet = openSheet(openFonts(fontFolder), {
    title: `Evidence: ${subject}`, author: pack.provider.name, subject: `SHA-256 of the attached ${ATTACHED}: ${sha256}`, at: new Date(pack.factsAt),
    footer: `${subject} · SHA-256 of the attached record: ${sha256}`,
  })
  sheet.title(subject, `${pack.provider.name} · Evidence of ${pack.kind === 'VM' ? 'one migration' : `a wave of ${count(pack.vms.length, 'VM')}`} · Edition ${pack.edition === 0 ? 'none' : pack.edition}`)
  writeVerdict(sheet, pack)
  sheet.pairs([
    ['Customer', pack.customer.name], ['Provider', pack.provider.name], ['From', pack.sourceSite.name], ['To', `${pack.destination.name} (${pack.targetSite.name})`], ['Wave', pack.wave.name],
    ['Planned by', `${pack.wave.planned.by.name}, ${moment(pack.wave.planned.at)}`], ['As of', moment(pack.factsAt)],
  ])
  if (pack.vms.length > 1) writeOverview(sheet, pack)
  for (const vm of pack.vms) {
    writeVm(sheet, vm, pack.vms.length > 1)
    // Whoever else the portal serves has their turn between two VMs of a large wave.
    await nextTurn()
  }
  writeDecisions(sheet, pack)
  writePlans(sheet, pack)
  writeAudit(sheet, pack)
  writeSignature(sheet, file, sha256)
  return sheet.close(ATTACHED, text, 'The record that this document was made from, as it was signed')
}

const subjectOf = ({ kind, wave, vms: [vm] }: EvidencePack): string => (kind === 'VM' ? (vm?.source.name ?? wave.name) : wave.name)
const committedOf = (vm: EvidenceVm): EvidenceAttempt | undefined => vm.attempts.findLast(({ status }) => status === 'COMMITTED')

function writeVerdict(sheet: Sheet, pack: EvidencePack): void {
  const accepted = pack.vms.filter(({ ending }) => ending?.kind === 'ACCEPTED')
  const [only] = pack.vms
  if (pack.state === 'UNFINISHED') {
    sheet.verdict('Not finished, and not signed', `How things stood at ${moment(pack.factsAt)}. This proves nothing: it changes until ${pack.kind === 'VM' ? 'the VM is accepted or returned' : 'every VM of the wave has ended'} and the record is signed.`, 'warn')
  } else if (pack.kind === 'WAVE') {
    const disks = accepted.reduce((sum, vm) => sum + (committedOf(vm)?.disks.length ?? 0), 0)
    sheet.verdict(`${accepted.length} of ${count(pack.vms.length, 'VM')} moved and accepted`, accepted.length === 0 ? 'No VM of this wave was moved for good.' : `The hashes of ${count(disks, 'disk')} were the same on both sides before the VMs started at ${pack.targetSite.name}.`, accepted.length === pack.vms.length ? 'good' : 'warn')
  } else if (only !== undefined) {
    sheet.verdict(endInWords(only), sentencesOf(pack, only), only.ending?.kind === 'ACCEPTED' ? 'good' : 'warn')
  }
}

function sentencesOf(pack: EvidencePack, vm: EvidenceVm): string {
  const attempt = committedOf(vm)
  const { ending } = vm
  if (ending === null) return ''
  const who = ending.by === null ? (ending.asAgreed ? 'as was agreed, without a word of a person' : 'by the provider’s system') : `by ${ending.by.name}`
  const proof = attempt === undefined ? 'No attempt of a cutover was committed.' : `The hashes of ${count(attempt.disks.length, 'disk')} were the same on both sides before it started at ${pack.targetSite.name}; it was away for ${secondsInWords(attempt.downtime.seconds)}.`
  const end = { ACCEPTED: 'Accepted', RETURNED: 'Returned', CANCELLED: 'Given up', FAILED: 'Failed', ROLLED_BACK: 'Went back' }[ending.kind]
  return `${proof} ${end} at ${moment(ending.at)}, ${who}${ending.reason === null ? '.' : `: “${ending.reason}”`}`
}

function writeOverview(sheet: Sheet, pack: EvidencePack): void {
  sheet.heading('The VMs')
  sheet.table(
    [{ head: 'VM', share: 0.26 }, { head: 'How it ended', share: 0.24 }, { head: 'At', share: 0.22 }, { head: 'Downtime', share: 0.14, align: 'end' }, { head: 'Sent', share: 0.14, align: 'end' }],
    pack.vms.map((vm) => [vm.source.name, { text: endInWords(vm), tone: vm.ending?.kind === 'ACCEPTED' ? 'good' : 'warn' }, moment(vm.ending?.at ?? null), secondsInWords(committedOf(vm)?.downtime.seconds ?? null), sizeInWords(vm.bytes.reduce((sum, disk) => sum + disk.sentBytes, 0))]),
  )
}

function writeVm(sheet: Sheet, vm: EvidenceVm, named: boolean): void {
  sheet.heading(named ? `${vm.source.name}: ${endInWords(vm).toLowerCase()}` : 'The VM')
  const { target, agents, replication, ending } = vm
  sheet.pairs([
    ['At the source', `${vm.source.name} (${vm.source.ref}), ${vm.source.guestOs}`],
    ['At the target', `${count(target.cpus, 'CPU')}, ${sizeInWords(target.memoryBytes)} of memory, network ${target.network}, storage ${target.storage}`],
    ['Agents', [agents.source, agents.target].map((agent) => (agent === null ? 'unknown' : `${agent.name} on ${agent.host}, version ${agent.version}`)).join('; ')],
    ['Replication', `began ${moment(replication.startedAt)}, ready ${moment(replication.readyAt)}`],
    ['End', ending === null ? 'not ended' : `${endInWords(vm)}, ${moment(ending.at)}${ending.by === null ? (ending.asAgreed ? ', as agreed' : '') : `, by ${ending.by.name}`}${ending.reason === null ? '' : `: “${ending.reason}”`}`],
  ])
  sheet.subheading('Bytes moved')
  sheet.table(
    [{ head: 'Disk', share: 0.28 }, { head: 'Size', share: 0.18, align: 'end' }, { head: 'There before', share: 0.18, align: 'end' }, { head: 'Written meanwhile', share: 0.18, align: 'end' }, { head: 'Sent over the line', share: 0.18, align: 'end' }],
    vm.bytes.map((disk) => [disk.key, sizeInWords(disk.sizeBytes), sizeInWords(disk.backgroundBytes), sizeInWords(disk.foregroundBytes), sizeInWords(disk.sentBytes)]),
  )
  for (const shipment of vm.shipments ?? []) writeShipment(sheet, shipment)
  for (const attempt of vm.attempts) writeAttempt(sheet, attempt)
  for (const back of vm.returns) {
    sheet.subheading(`Return from attempt ${back.attempt}: ${STEPS[back.status] ?? back.status}`)
    sheet.text(`Asked for by ${back.asked.by.name}, ${moment(back.asked.at)}${back.byAgreement ? ', as agreed' : ''}: “${back.asked.reason}”. ${back.wayBack ? 'What the VM wrote at the target came with it.' : 'What the VM wrote at the target was lost.'}`)
    sheet.table([{ head: 'Step', share: 0.5 }, { head: 'Reached', share: 0.5 }], back.steps.map(({ step, reachedAt }) => [STEPS[step] ?? step, moment(reachedAt)]))
    writeDisks(sheet, back.disks)
    if (back.failure !== null) sheet.text(back.failure.message)
  }
}

/** Whose hands the devices were in, and what came of the seed on them. */
function writeShipment(sheet: Sheet, { status, carrier, trackingNumber, devices, custody, seed }: EvidenceShipment): void {
  sheet.subheading(`By device: ${(SHIPMENT_STEPS[status] ?? status).toLowerCase()}`)
  const damaged = seed.damagedChunks === null ? '' : seed.damagedChunks === 0 ? ' Nothing was damaged.' : ` ${count(seed.damagedChunks, 'piece')} (${sizeInWords(seed.damagedBytes ?? 0)}) was damaged or missing and came over the line.`
  sheet.text(`${seed.exportedAt === null ? 'The seed was never whole.' : `The seed was whole at ${moment(seed.exportedAt)}: ${sizeInWords(seed.bytes ?? 0)} of the disks, ${sizeInWords(seed.storedBytes ?? 0)} on ${count(devices.length, 'device')}.`}${carrier === null ? '' : ` Carried by ${carrier}${trackingNumber === null ? '' : `, ${trackingNumber}`}.`}${seed.importedAt === null ? '' : ` Read at the target by ${moment(seed.importedAt)}.`}${damaged}${seed.writtenMeanwhileBytes === null ? '' : ` ${sizeInWords(seed.writtenMeanwhileBytes)} had been written meanwhile.`}`)
  if (seed.manifestHash !== null) sheet.small(`Manifest, as the source signed it: ${seed.manifestHash}; as the target read it: ${seed.importedManifestHash ?? 'not read'}`)
  if (devices.length > 0) sheet.table([{ head: 'Device', share: 0.2 }, { head: 'Seal', share: 0.18 }, { head: 'Written', share: 0.14, align: 'end' }, { head: 'Seeds on it', share: 0.48 }], devices.map(({ place, seal, storedBytes, deviceIds }): Cell[] => [place, seal ?? '–', sizeInWords(storedBytes), { text: deviceIds.join('\n'), size: 7 }]))
  sheet.table([{ head: 'Custody', share: 0.26 }, { head: 'When', share: 0.24 }, { head: 'Who', share: 0.22 }, { head: 'Note', share: 0.28 }], custody.map(({ what, at, by, note }) => [SHIPMENT_STEPS[what] ?? what, moment(at), by, note ?? '–']))
}

function writeAttempt(sheet: Sheet, attempt: EvidenceAttempt): void {
  const { downtime, guest, failure } = attempt
  sheet.subheading(`Attempt ${attempt.number}: ${(STEPS[attempt.status] ?? attempt.status).toLowerCase()}`)
  if (failure !== null) sheet.text(`Why: ${failure.message} (${failure.code}) ${attempt.sourceReturnedAt === null ? '' : `The source ran again by ${moment(attempt.sourceReturnedAt)}.`}`)
  if (attempt.poweredOff !== null) sheet.text(`The guest did not shut down in its time and was powered off, ${moment(attempt.poweredOff.at)}, as ${attempt.poweredOff.agreedBy} had agreed: its disks are as after a power cut.`)
  sheet.table(
    [{ head: 'Step', share: 0.3 }, { head: 'Planned (P50 / P90)', share: 0.26, align: 'end' }, { head: 'Took', share: 0.14, align: 'end' }, { head: 'Reached', share: 0.3 }],
    attempt.steps.map(({ step, planned, seconds, reachedAt }) => [STEPS[step] ?? step, planned === null ? '–' : `${secondsInWords(planned.p50Seconds)} / ${secondsInWords(planned.p90Seconds)}`, secondsInWords(seconds), moment(reachedAt)]),
  )
  if (downtime.seconds !== null) {
    const parts = downtime.partsInSeconds === null ? '' : ` (${partsInWords(downtime.partsInSeconds)})`
    sheet.text(`Downtime: ${secondsInWords(downtime.seconds)}${parts}, from the last write at the source, ${moment(downtime.sourceLastWriteAt)}, to the first at the target, ${moment(downtime.targetFirstWriteAt)}.`)
  }
  if (guest.health !== null || guest.foundAtTarget !== null) sheet.text(`The guest's own check: ${guest.health === null ? 'no word' : guest.health.toLowerCase()}; ${guest.foundAtTarget ?? 'unknown'} records found of the ${guest.acknowledgedAtSource ?? 'unknown'} that it had acknowledged at the source.${attempt.secondReading === null ? '' : ` The source's disks, read whole once more: ${attempt.secondReading.toLowerCase()}.`}`)
  writeDisks(sheet, attempt.disks)
}

const partsInWords = (parts: Readonly<Record<string, number>>): string => DOWNTIME_PARTS.flatMap((part) => (parts[part] === undefined ? [] : [`${PARTS[part]} ${secondsInWords(parts[part])}`])).join(', ')

function writeDisks(sheet: Sheet, disks: EvidenceAttempt['disks']): void {
  if (disks.length === 0) return
  sheet.table(
    [{ head: 'Disk', share: 0.18 }, { head: 'Hash at the source, and at the target', share: 0.68 }, { head: 'Verdict', share: 0.14 }],
    disks.map(({ key, sourceHash, targetHash, equal }): Cell[] => [key, { text: `${sourceHash ?? 'none'}\n${targetHash ?? 'none'}`, size: 7 }, { text: equal ? 'equal' : 'different', tone: equal ? 'good' : 'bad', weight: 'bold' }]),
  )
}

function writeDecisions(sheet: Sheet, { windows, approvals }: EvidencePack): void {
  sheet.heading('Who booked, who decided')
  if (windows.length === 0) sheet.text('No window was booked.')
  for (const window of windows) {
    sheet.subheading(`Window ${moment(window.startsAt)} to ${moment(window.endsAt)}, nothing new after ${moment(window.lockoutAt)}`)
    const words = approvals.filter(({ bookingId }) => bookingId === window.bookingId)
    sheet.table(
      [{ head: 'What', share: 0.17 }, { head: 'Who', share: 0.2 }, { head: 'When', share: 0.22 }, { head: 'Why, and of which plan (SHA-256)', share: 0.41 }],
      [
        [`${window.kind === 'TEST' ? 'Test boot' : 'Window'} asked for`, window.requested.by.name, moment(window.requested.at), window.requested.note ?? '–'],
        ...(window.decided === null ? [] : [[`${window.status === 'REJECTED' ? 'Refused' : 'Approved'}`, window.decided.by.name, moment(window.decided.at), window.decided.reason ?? '–']]),
        ...words.map((word): Cell[] => [{ text: word.decision === 'GO' ? 'Go' : 'No-go', weight: 'bold', tone: word.decision === 'GO' ? 'good' : 'bad' }, word.by.name, moment(word.at), { text: `${word.reason ?? '–'}\n${word.planHash ?? 'before plans were kept'}`, size: 7 }]),
      ],
    )
  }
}

/** Each plan that somebody said go or no-go to, once. */
function writePlans(sheet: Sheet, { approvals }: EvidencePack): void {
  const plans = new Map(approvals.map(({ planHash, plan }) => [planHash, plan]))
  for (const [planHash, raw] of plans) {
    const plan = cutoverPlan.safeParse(raw).data
    if (planHash === null || plan === undefined) continue
    sheet.heading('The plan that was decided on')
    sheet.small(`SHA-256 ${planHash}`)
    sheet.pairs([
      ['Cutovers', `${plan.mode.toLowerCase()}, ${plan.parallelCutovers} at once`],
      ['Shutdown', `${count(plan.shutdownSeconds, 'second')}; a guest that refuses: ${plan.shutdownRefusal.toLowerCase().replace('_', ' ')}`],
      ['Afterwards', plan.validationMinutes === 0 ? 'accepted once it is proven to run' : `looked at for ${count(plan.validationMinutes, 'minute')}, then ${plan.validationDefault === 'ACCEPT' ? 'accepted' : 'returned'}; the way back is ${plan.keepWayBack ? 'kept' : 'not kept'}`],
    ])
    sheet.table(
      [{ head: 'VM', share: 0.26 }, { head: 'Network', share: 0.2 }, { head: 'Storage', share: 0.18 }, { head: 'CPUs, memory', share: 0.16 }, { head: 'Disks', share: 0.2 }],
      plan.vms.map((vm) => [vm.name, vm.network, vm.storage, `${vm.cpus}, ${sizeInWords(vm.memoryBytes)}`, vm.disks.map((disk) => `${disk.key} ${sizeInWords(disk.sizeBytes)}`).join(', ')]),
    )
  }
}

function writeAudit(sheet: Sheet, { audit }: EvidencePack): void {
  if (audit === null) return
  sheet.heading('Where it stands in the audit log')
  const head = audit.head === null ? 'No head of it had been published.' : `The last published head was entry ${audit.head.sequence}, of ${moment(audit.head.at)}, with the hash ${audit.head.hash}.`
  sheet.text(`${count(audit.entries.length, 'entry', 'entries')} of the log ${audit.chain}. ${head}`)
  sheet.table(
    [{ head: 'Entry', share: 0.09, align: 'end' }, { head: 'When', share: 0.21 }, { head: 'What', share: 0.18 }, { head: 'Hash', share: 0.52 }],
    audit.entries.map(({ sequence, at, action, hash }): Cell[] => [{ text: sequence.toLocaleString('en-US'), size: 7 }, { text: moment(at), size: 7 }, { text: action, size: 7 }, { text: hash, size: 6.5 }]),
  )
}

function writeSignature(sheet: Sheet, { signature }: EvidenceFile, sha256: string): void {
  sheet.heading('Signature, and how to verify it')
  if (signature === null) {
    sheet.text('This record is not signed, because it is not finished.')
    return
  }
  sheet.pairs([['Key', `${signature.keyId} (${signature.algorithm})`], ['Public key', { text: signature.key, size: 7 }], ['Signature', { text: signature.value, size: 7 }], ['SHA-256 of the record', { text: sha256, size: 7 }]])
  sheet.text('The record is attached to this document as evidence.json. It is what is signed; these pages were made from it. On any machine with a checkout of Driftless, without a network:')
  sheet.text(`npm run verify-evidence -- THIS-FILE.pdf --key ${signature.key}`)
  sheet.small('Compare the key with the one that your provider gave you on another way. With an export of the audit log (--log) the command also tells whether the entries above are in it, as they were written.')
}
