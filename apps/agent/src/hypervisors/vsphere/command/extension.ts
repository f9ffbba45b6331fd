import { VimError } from '@driftless/vim25'
import type { Vim } from '@driftless/vim25'
import { readConnection } from '../connection/connection-file.ts'
import type { VsphereOptions } from '../connection/connection-file.ts'
import { ensureEntry, findEntry, removeEntry } from '../connection/extension.ts'
import { logIn } from './log-in.ts'
import type { Places } from './places.ts'
import { Refusal } from './refusal.ts'
import type { Terminal } from './terminal.ts'

const DONE = { REGISTERED: 'vCenter now lists the portal', UPDATED: 'the portal’s entry in vCenter was brought up to date', UNCHANGED: 'the portal’s entry in vCenter is as it should be' } as const

/** `extension register` and `extension remove`. Rejects with why it is not done. */
export async function extension(terminal: Terminal, places: Places, what: 'register' | 'remove', version: string): Promise<void> {
  const connection = await readConnection(places.data, places.keyFile)
  const { portalUrl: url, adminEmail } = connection
  if (what === 'register' && (url === null || adminEmail === null)) throw new Refusal('It is not known where the portal is. Connect again, with --portal URL and --admin-email ADDRESS.')
  const vim = await logIn(connection)
  try {
    if (url === null || adminEmail === null || what === 'remove') terminal.done((await removeEntry(vim)) ? 'vCenter no longer lists the portal' : 'vCenter does not list the portal')
    else terminal.done(`${DONE[await ensureEntry(vim, { url, adminEmail, version })]}: ${url}`)
  } finally {
    await vim.close()
  }
}

/** After `connect`: the portal's entry, where one is wanted; a vCenter that refuses it can be worked with all the same. */
export async function registerPortal(terminal: Terminal, vim: Vim, { portalUrl: url, adminEmail }: Pick<VsphereOptions, 'portalUrl' | 'adminEmail'>, version: string): Promise<void> {
  if (url === null || adminEmail === null) return
  try {
    terminal.done(`${DONE[await ensureEntry(vim, { url, adminEmail, version })]}: ${url}`)
  } catch (error) {
    if (!(error instanceof VimError)) throw error
    terminal.warn(`The portal has no entry in vCenter: ${error.message} Then run: npm run vsphere -- extension register`)
  }
}

/** A line of `status`; none on an ESXi host, which lists no extensions. */
export async function sayExtension(terminal: Terminal, vim: Vim): Promise<void> {
  if (vim.content.extensionManager === undefined) return
  const entry = await findEntry(vim)
  if (entry === null) return terminal.say('the portal has no entry in vCenter')
  terminal.done(`the portal has an entry in vCenter: ${entry.url ?? 'without an address'}, version ${entry.version}`)
}
