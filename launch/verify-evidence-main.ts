/** `npm run verify-evidence -- FILE`: verifies a pack of evidence, offline. */
import { readFile, stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { attachedFile, isPdf, verifyAgainstLog, verifyFile } from '@driftless/evidence'
import type { FileReport } from '@driftless/evidence'
import { readLines } from './audit/read-lines.ts'
import { sayReport } from './audit/say-report.ts'
import { sayPages } from './evidence/say-pages.ts'
import { sayFile, sayLog } from './evidence/say-file.ts'
import { codeOf, messageOf, Refusal } from './setup/failure.ts'
import { openTerminal } from './setup/terminal.ts'

/** A wave of hundreds of VMs is some megabytes; more is something else, and is not read into memory. */
const LARGEST_FILE_BYTES = 256 * 1024 * 1024

const HELP = `Verifies a pack of Driftless's evidence, on this machine alone.

  npm run verify-evidence -- FILE [--key BASE64] [--log EXPORT.jsonl [--anchors FILE]]

  FILE            from a wave's page › Evidence: the JSON, or the PDF, which carries it
  --key BASE64    who must have signed it; may be given more than once. Without it, whoever did is named.
  --log FILE      from Audit log › Download to verify: tells whether the entries that it rests on stand there
  --anchors FILE  what was published of that log outside of the database (audit-anchor.jsonl)

Ends with 0 when it is genuine and says nothing that contradicts itself, with 1 and what is wrong when it is not, and
with 2 when it could not be told, or is not signed yet.`

const terminal = openTerminal()

async function main(): Promise<number> {
  const { values, positionals } = parsed()
  const [path, ...more] = positionals
  if (values.help || path === undefined || more.length > 0) {
    terminal.say(HELP)
    return values.help ? 0 : 2
  }
  const given = await read(path)
  const asPdf = isPdf(given)
  const bytes = asPdf ? attachedFile(given) : given
  if (bytes === null) throw new Refusal(`${path} is a PDF without the one record that ours carry, or it was changed. Take the PDF or the JSON as it was downloaded.`)
  const report = verifyFile(bytes, values.key ?? [])
  const told = sayFile(terminal, report, path, values.key !== undefined)
  const pages = asPdf && report.kind === 'GENUINE' ? await sayPages(terminal, report.file, given) : 0
  const log = values.log === undefined ? 0 : await compare(report, values.log, values.anchors ?? null, values.key ?? [])
  return told === 1 || log === 1 ? 1 : Math.max(told, pages, log)
}

async function compare(report: FileReport, log: string, anchors: string | null, keys: readonly string[]): Promise<number> {
  if (report.kind !== 'GENUINE' || report.file.pack.audit === null) return 0
  const { chain, found, faults } = await verifyAgainstLog(report.file.pack.audit, readLines(log), anchors === null ? null : readLines(anchors), keys)
  if (chain === null) throw new Refusal(`${log} is no export of an audit log that can be verified: its first line does not say so. Take the JSON Lines from Audit log › Download to verify, not the CSV.`)
  const told = sayReport(terminal, chain, { anchors: anchors !== null, keys: keys.length > 0 })
  return Math.max(told === 1 ? 1 : 0, sayLog(terminal, found, faults)) === 1 ? 1 : told
}

async function read(path: string): Promise<Uint8Array> {
  try {
    if ((await stat(path)).size > LARGEST_FILE_BYTES) throw new Refusal(`${path} is larger than any pack of evidence.`)
    return await readFile(path)
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal(codeOf(error) === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read: ${messageOf(error)}`)
  }
}

function parsed() {
  try {
    return parseArgs({ allowPositionals: true, options: { key: { type: 'string', multiple: true }, log: { type: 'string' }, anchors: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } } })
  } catch (error) {
    throw new Refusal(`${messageOf(error)}\n\n${HELP}`)
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(`${terminal.paint('red', '✗')} ${messageOf(error)}`)
  return 2
})
process.channel?.unref()
