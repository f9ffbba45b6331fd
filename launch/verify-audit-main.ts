/** `npm run verify-audit -- EXPORT`: verifies an export of the audit log, offline. */
import { parseArgs } from 'node:util'
import { verifyExport } from '@driftless/audit-chain'
import { readLines } from './audit/read-lines.ts'
import { sayReport } from './audit/say-report.ts'
import { messageOf, Refusal } from './setup/failure.ts'
import { openTerminal } from './setup/terminal.ts'

const HELP = `Verifies an export of Driftless's audit log, on this machine alone.

  npm run verify-audit -- EXPORT.jsonl [--anchors FILE] [--key BASE64]

  EXPORT.jsonl    from Audit log › Download to verify
  --anchors FILE  what was published of the log outside of the database (audit-anchor.jsonl): reveals entries
                  that were cut off, and a log that was rewritten with all of its hashes
  --key BASE64    who must have signed that; may be given more than once. Without it, whoever did counts, and is named.

Ends with 0 when each entry is as it was written, with 1 and the first that is not, and with 2 when it could not be told.`

const terminal = openTerminal()

async function main(): Promise<number> {
  const { values, positionals } = parsed()
  const [file, ...more] = positionals
  if (values.help || file === undefined || more.length > 0) {
    terminal.say(HELP)
    return values.help ? 0 : 2
  }
  const report = await verifyExport(readLines(file), values.anchors === undefined ? null : readLines(values.anchors), values.key ?? [])
  if (report === null) throw new Refusal(`${file} is no export of an audit log that can be verified: its first line does not say so. Take the JSON Lines from Audit log › Download to verify, not the CSV.`)
  return sayReport(terminal, report, { anchors: values.anchors !== undefined, keys: values.key !== undefined })
}

function parsed() {
  try {
    return parseArgs({ allowPositionals: true, options: { anchors: { type: 'string' }, key: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h', default: false } } })
  } catch (error) {
    throw new Refusal(`${messageOf(error)}\n\n${HELP}`)
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(`${terminal.paint('red', '✗')} ${messageOf(error)}`)
  return 2
})
process.channel?.unref()
