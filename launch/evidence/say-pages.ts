import { findPackageJSON } from 'node:module'
import { dirname } from 'node:path'
import type { EvidenceFile } from '@driftless/evidence'
import { renderPdf } from '@driftless/evidence/pdf'
import type { Terminal } from '../setup/terminal.ts'

/**
 * Whether a PDF's pages say what the record in it says: they are made from it anew, which gives the same bytes. 0: they do; 2: a
 * version of Driftless that writes pages otherwise made it, or somebody changed them.
 */
export async function sayPages(terminal: Terminal, file: EvidenceFile, given: Uint8Array): Promise<0 | 2> {
  const fonts = findPackageJSON('@fontsource/noto-sans', import.meta.url)
  const same = fonts !== undefined && Buffer.compare(await renderPdf(file, dirname(fonts)), given) === 0
  if (same) terminal.say(`${terminal.paint('green', '✓')} The pages of the PDF are those that this record gives, to the byte.`)
  else terminal.warn('The record inside the PDF is genuine, but its pages are not those that this version of Driftless makes from it. Another version made them, or they were changed: trust the record, and download the PDF again.')
  return same ? 0 : 2
}
