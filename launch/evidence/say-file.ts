import type { EvidencePack, EvidenceVm, FileReport } from '@driftless/evidence'
import type { Terminal } from '../setup/terminal.ts'

const number = (value: number): string => value.toLocaleString('en-US')
const moment = (at: string | null): string => (at === null ? 'an unknown time' : at.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'))
const counted = (count: number, one: string, many = `${one}s`): string => `${number(count)} ${count === 1 ? one : many}`

/** Says what a file is, in a person's words, and answers the exit code: 0 genuine, 1 false, 2 not to be told. */
export function sayFile(terminal: Terminal, report: FileReport, path: string, keysGiven: boolean): 0 | 1 | 2 {
  const good = (line: string) => terminal.say(`${terminal.paint('green', '✓')} ${line}`)
  const bad = (line: string) => terminal.say(`${terminal.paint('red', '✗')} ${line}`)
  switch (report.kind) {
    case 'NO_PACK':
      bad(`${path} is no pack of Driftless's evidence.`)
      return 2
    case 'PREVIOUS':
      if (!report.intact) {
        bad(`A pack of format ${report.format}, which does not have the SHA-256 that it carries: it was changed.`)
        return 1
      }
      terminal.warn(`A pack of format ${report.format}, from before packs were signed. Its SHA-256 fits, which anybody can make fit: it shows no more than that the file is whole.`)
      return 2
    case 'FALSE':
      for (const fault of report.faults) bad(fault)
      return 1
    case 'UNFINISHED':
      for (const fault of report.faults) bad(fault)
      if (report.faults.length > 0) return 1
      terminal.warn(`Not finished, and not signed: how things stood with ${subjectOf(report.file.pack)} at ${moment(report.file.pack.factsAt)}. It proves nothing. Download it again once every VM in it was accepted or returned.`)
      return 2
    case 'GENUINE': {
      const { pack } = report.file
      good(`Evidence of ${subjectOf(pack)}, edition ${pack.edition}, of ${moment(pack.factsAt)}: signed by ${report.keyId}, unchanged, and nothing in it contradicts itself.`)
      for (const vm of pack.vms) terminal.say(`  ${inWords(vm)}`)
      terminal.say(`  SHA-256 ${report.sha256}`)
      if (!keysGiven) terminal.warn(`Whoever has that key can have made it: ${report.key}. Compare it with the key that your provider gave you, or give it (--key).`)
      const { audit } = pack
      const beyond = audit?.entries.filter(({ sequence }) => sequence > (audit.head?.sequence ?? 0)).length ?? 0
      if (beyond > 0) terminal.warn(`${counted(beyond, 'entry', 'entries')} of the audit log that it rests on had not been published when it was signed.`)
      return 0
    }
  }
}

/** Says whether the entries that a pack rests on stand in the log: 0 or 1. */
export function sayLog(terminal: Terminal, found: number, faults: readonly string[]): 0 | 1 {
  for (const fault of faults) terminal.say(`${terminal.paint('red', '✗')} ${fault}`)
  if (faults.length === 0) terminal.say(`${terminal.paint('green', '✓')} ${found === 1 ? 'The 1 entry' : `All ${number(found)} entries`} of the audit log that it rests on ${found === 1 ? 'stands' : 'stand'} there, as ${found === 1 ? 'it was' : 'they were'} written.`)
  return faults.length === 0 ? 0 : 1
}

const subjectOf = ({ kind, wave, vms: [vm] }: EvidencePack): string => (kind === 'VM' ? (vm?.source.name ?? wave.name) : `the wave ${wave.name}`)

/** How it ended with a VM, and what was proven of it. */
function inWords({ source, ending, attempts }: EvidenceVm): string {
  const committed = attempts.findLast(({ status }) => status === 'COMMITTED')
  const proof = committed === undefined ? 'never moved' : `${counted(committed.disks.length, 'disk')} with equal hashes on both sides, ${committed.downtime.seconds === null ? 'no downtime measured' : `away for ${committed.downtime.seconds.toFixed(2)} s`}`
  const end = ending === null ? 'not ended' : `${ending.kind.toLowerCase().replace('_', ' ')} ${moment(ending.at)}${ending.by === null ? (ending.asAgreed ? ', as agreed' : '') : ` by ${ending.by.name}`}`
  return `${source.name}: ${proof}; ${end}.`
}
