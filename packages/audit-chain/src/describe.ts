import type { ChainedEntry } from './entry.ts'
import type { Fault } from './verify-chain.ts'

const number = (value: number): string => value.toLocaleString('en-US')
const moment = (at: string): string => at.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')
const what = (entry: ChainedEntry): string => `${entry.action} on ${entry.subjectName} by ${entry.actorName}, ${moment(entry.at)}`

/** A fault in a person's words; `name`: whose log it is. */
export function describeFault(fault: Fault, name: string): string {
  const log = `${name}${name.endsWith('s') ? "'" : "'s"} log`
  const entry = `Entry ${number(fault.at)} of ${log}`
  switch (fault.kind) {
    case 'EDITED':
      return `${entry} (${what(fault.entry)}) was changed after it was written.`
    case 'DELETED':
      return fault.to === fault.at
        ? `${entry} is missing: it was deleted. The next one is entry ${number(fault.next.sequence)} (${what(fault.next)}).`
        : `Entries ${number(fault.at)} to ${number(fault.to)} of ${log} are missing: they were deleted. The next one is entry ${number(fault.next.sequence)} (${what(fault.next)}).`
    case 'INSERTED':
      return `${entry} (${what(fault.entry)}) was put in: it does not belong there.`
    case 'REORDERED':
      return `${entry} does not stand where it was written: what belongs there (${what(fault.entry)}) stands in place ${number(fault.foundAt)}.`
    case 'UNREADABLE':
      return `${entry} cannot be read: line ${number(fault.line + 1)} of the export is no entry of this log.`
    case 'REWRITTEN':
      return fault.at === fault.to
        ? `${entry} (${what(fault.entry)}) is not the one that was published on ${moment(fault.anchor.at)}: it was changed, and the hashes from there on were made anew.`
        : `Entry ${number(fault.to)} of ${log} (${what(fault.entry)}) is not the one that was published on ${moment(fault.anchor.at)}: an entry from ${number(fault.at)} to ${number(fault.to)} was changed, and the hashes from there on were made anew.`
    case 'TRUNCATED':
      return fault.at === 1
        ? `${log} is empty, and entry ${number(fault.anchor.sequence)} was published on ${moment(fault.anchor.at)}: its entries were cut off.`
        : `${log} ends with entry ${number(fault.at - 1)}, and entry ${number(fault.anchor.sequence)} was published on ${moment(fault.anchor.at)}: the entries from ${number(fault.at)} on were cut off.`
    case 'INCOMPLETE':
      return `The export of ${log} ends with entry ${number(fault.at - 1)}, and its first line names ${number(fault.entries)}: it was cut, or the download broke off.`
    case 'ANCHORS_OUT_OF_ORDER':
      return `The anchors of ${log} are not in the order in which they were published: entry ${number(fault.anchor.sequence)} (${moment(fault.anchor.at)}) stands behind a later one. Give the anchor file as it was written.`
  }
}
