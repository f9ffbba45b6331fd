/** `npm run vsphere`: composition root of the command that connects an agent with a vCenter and looks after what is ours there. */
import { parseCommand } from './hypervisors/vsphere/command/arguments.ts'
import type { Command } from './hypervisors/vsphere/command/arguments.ts'
import { connect } from './hypervisors/vsphere/command/connect.ts'
import { readEnv } from './hypervisors/vsphere/command/env.ts'
import { extension, sayExtension } from './hypervisors/vsphere/command/extension.ts'
import { forget } from './hypervisors/vsphere/command/forget.ts'
import { HELP } from './hypervisors/vsphere/command/help.ts'
import { ioFilter, sayFilters } from './hypervisors/vsphere/command/io-filter.ts'
import { placesOf } from './hypervisors/vsphere/command/places.ts'
import { Refusal } from './hypervisors/vsphere/command/refusal.ts'
import { status } from './hypervisors/vsphere/command/status.ts'
import { openTerminal } from './hypervisors/vsphere/command/terminal.ts'
import { VERSION } from './version.ts'

const env = readEnv()
const terminal = openTerminal(env.NO_COLOR !== undefined)

async function run(command: Command): Promise<void> {
  if (command.name === 'help') return console.log(HELP)
  const places = placesOf(command.data, env)
  switch (command.name) {
    case 'connect':
      return connect(terminal, places, VERSION, command.connect)
    case 'status':
      return status(terminal, places, [sayFilters, sayExtension])
    case 'forget':
      return forget(terminal, places, command.yes)
    case 'io-filter':
      return ioFilter(terminal, places, command.filter, command.yes)
    case 'extension':
      return extension(terminal, places, command.do, VERSION)
  }
}

/** Ends with what went wrong, in words: nobody at a terminal is helped by a stack. */
function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  console.error(`${terminal.paint('red', '✗')} ${message.replaceAll(/\n(?! )/g, '\n  ')}`)
  process.exitCode = error instanceof Refusal ? error.exitCode : 1
}

try {
  await run(parseCommand(process.argv.slice(2)))
} catch (error) {
  fail(error)
}
