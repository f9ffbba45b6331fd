import { describeFault } from '@driftless/audit-chain'
import type { ExportReport } from '@driftless/audit-chain'
import type { Terminal } from '../setup/terminal.ts'

const number = (value: number): string => value.toLocaleString('en-US')
const moment = (at: string): string => at.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')
const entries = (count: number): string => (count === 1 ? '1 entry' : `${number(count)} entries`)

/**
 * Says what was found, in a person's words, and answers the exit code: 0 nothing is wrong, 1 something is, 2 nothing counts of
 * the anchors that were given. `given`: what the person gave to compare with.
 */
export function sayReport(terminal: Terminal, report: ExportReport, given: { readonly anchors: boolean; readonly keys: boolean }): 0 | 1 | 2 {
  const { header, fault, verified, anchored, signedBy, ignored, last } = report
  const good = (line: string) => terminal.say(`${terminal.paint('green', '✓')} ${line}`)
  if (fault !== null) {
    terminal.say(`${terminal.paint('red', '✗')} ${describeFault(fault, header.name)}`)
    if (verified > 0) terminal.say(`  Before it, ${entries(verified)} ${verified === 1 ? 'is' : 'are'} as ${verified === 1 ? 'it was' : 'they were'} written.`)
  } else {
    good(`${header.name} (${header.chain}): ${entries(verified)}, each as it was written, none missing${last === null ? '' : `; the last is of ${moment(last.at)}`}.`)
    if (anchored !== null) good(`Entry ${number(anchored.sequence)} is the one that was published on ${moment(anchored.at)}, so all up to it are those that were there then.`)
    if (anchored !== null && verified > anchored.sequence) terminal.warn(`${entries(verified - anchored.sequence)} after that ${verified - anchored.sequence === 1 ? 'is' : 'are'} vouched for by hashes alone: nothing newer was published.`)
  }
  if (anchored === null && (fault === null || !('anchor' in fault))) terminal.warn('Nothing that was published vouches for this log. Whoever can write to the whole database could have made it anew: compare with the anchor file (--anchors).')
  else if (!given.anchors) terminal.warn('Compared only with the anchor that the export carries itself. The anchor file, from where the database cannot reach, is better proof (--anchors).')
  if (signedBy.length > 0 && !given.keys) terminal.warn(`Signed by ${signedBy.join(', ')}. Compare with the key that your provider gave you, or give it (--key).`)
  if (ignored > 0) terminal.warn(`${number(ignored)} of the anchors were not counted: not signed, or not by the key that was given.`)
  if (fault !== null) return 1
  return given.anchors && anchored === null && verified > 0 ? 2 : 0
}
