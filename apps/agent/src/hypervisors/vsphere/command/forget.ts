import { findConnection, forgetConnection } from '../connection/connection-file.ts'
import { confirm } from './confirm.ts'
import type { Places } from './places.ts'
import type { Terminal } from './terminal.ts'

/** `forget`: removes the connection and its key, also where they can no longer be read. */
export async function forget(terminal: Terminal, places: Places, yes: boolean): Promise<void> {
  const address = await findConnection(places.data, places.keyFile).then((found) => (found === null ? null : found.address), () => 'the vCenter')
  if (address === null) return terminal.say(`This agent is not connected to a vCenter (${places.data}). Nothing was to be done.`)
  await confirm(terminal, yes, `Forget how to get into ${address}? Migrations of its VMs stop until it is connected again.`)
  await forgetConnection(places.data, places.keyFile)
  terminal.done(`forgotten: ${address}`)
  terminal.say('What is ours in the vCenter (IO filters, the portal’s entry, its account) is still there.')
}
