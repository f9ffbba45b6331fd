import { VimFault, readServerCertificate } from '@driftless/vim25'
import type { ServerCertificate, Vim } from '@driftless/vim25'
import { readConnection } from '../connection/connection-file.ts'
import { day } from './certificate.ts'
import { logIn } from './log-in.ts'
import type { Places } from './places.ts'
import type { Terminal } from './terminal.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** A certificate that ends sooner is worth a word. */
const SOON_DAYS = 30

/** `status`: whether the agent gets into its vCenter, and what is ours there. Rejects with why it does not. */
export async function status(terminal: Terminal, places: Places, more: readonly ((terminal: Terminal, vim: Vim) => Promise<void>)[]): Promise<void> {
  const connection = await readConnection(places.data, places.keyFile)
  const { address, username, agentVm, datacenter, storages, networks, read } = connection
  terminal.say(`${address} as ${username}`)
  const options = [
    ...(agentVm === null ? [] : [`the agent runs in ${agentVm}`]), ...(datacenter === null ? [] : [`datacenter ${datacenter}`]), ...(read === 'auto' ? [] : [`disks are read by ${read}`]),
    ...Object.entries({ ...storages, ...networks }).map(([ours, theirs]) => `${ours} is ${theirs}`),
  ]
  if (options.length > 0) terminal.say(options.join(', '))
  const certificate = await readServerCertificate(address)
  const vim = await logIn(connection)
  try {
    terminal.done(`logged in: ${vim.content.about.fullName}`)
    sayValidity(terminal, certificate)
    for (const say of more) await say(terminal, vim).catch((error: unknown) => terminal.warn(refusalOf(error)))
  } finally {
    await vim.close()
  }
}

/** What the server says no to is a part of what it is like; anything else ends the command. */
function refusalOf(error: unknown): string {
  if (error instanceof VimFault) return error.message
  throw error
}

function sayValidity(terminal: Terminal, { validTo }: ServerCertificate): void {
  const days = Math.floor((validTo.getTime() - Date.now()) / DAY_MS)
  if (days >= SOON_DAYS) return terminal.done(`the certificate is the confirmed one, valid until ${day(validTo)}`)
  terminal.warn(`The certificate is the confirmed one, but ${days < 0 ? 'has not been valid since' : 'is valid only until'} ${day(validTo)}. After its renewal, connect again: until then the agent refuses the new one.`)
}
