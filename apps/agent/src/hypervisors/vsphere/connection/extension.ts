import { z } from 'zod'
import { VimError, ask, readServerCertificate } from '@driftless/vim25'
import type { Ref, Vim, VimInput } from '@driftless/vim25'

/** What vCenter lists the portal under, and where tasks and events of ours could belong to. */
export const EXTENSION_KEY = 'com.driftless.portal'
const COMPANY = 'Driftless'
const LABEL = { label: 'Driftless', summary: 'Moves running virtual machines into a provider’s cloud' }

/** The portal's entry in vCenter, as it should be. */
export interface PortalEntry {
  readonly url: string
  /** Whom an administrator of the vCenter may write to. */
  readonly adminEmail: string
  readonly version: string
}

export interface RegisteredEntry {
  readonly version: string
  readonly url: string | null
}

const extension = z.object({
  version: z.string(), company: z.string().optional(), description: z.object({ label: z.string(), summary: z.string() }),
  server: z.array(z.object({ url: z.string(), adminEmail: z.array(z.string()).default([]), serverThumbprint: z.string().optional() })).default([]),
})

/** The portal's entry as vCenter has it; null: there is none. Rejects with `VimError`. */
export async function findEntry(vim: Vim, signal?: AbortSignal): Promise<RegisteredEntry | null> {
  const found = await find(vim, signal)
  return found === undefined ? null : { version: found.version, url: found.server[0]?.url ?? null }
}

/** Makes or corrects the portal's entry. Resolves to what was done. Rejects with `VimError`; UNREACHABLE also where a portal with https is not. */
export async function ensureEntry(vim: Vim, entry: PortalEntry, signal?: AbortSignal): Promise<'REGISTERED' | 'UPDATED' | 'UNCHANGED'> {
  const thumbprint = await thumbprintOf(entry.url)
  const found = await find(vim, signal)
  if (found !== undefined && isSame(found, entry, thumbprint)) return 'UNCHANGED'
  await vim.call(managerOf(vim), found === undefined ? 'RegisterExtension' : 'UpdateExtension', { extension: wireOf(entry, thumbprint) }, signal)
  return found === undefined ? 'REGISTERED' : 'UPDATED'
}

/** Removes the portal's entry. False: there was none. Rejects with `VimError`. */
export async function removeEntry(vim: Vim, signal?: AbortSignal): Promise<boolean> {
  if ((await find(vim, signal)) === undefined) return false
  await vim.call(managerOf(vim), 'UnregisterExtension', { extensionKey: EXTENSION_KEY }, signal)
  return true
}

const find = (vim: Vim, signal: AbortSignal | undefined) => ask(vim, managerOf(vim), 'FindExtension', { extensionKey: EXTENSION_KEY }, extension.optional(), signal)

/** vCenter knows servers by the SHA-1 of their certificates; one without https has none. */
const thumbprintOf = async (url: string): Promise<string | null> => (url.startsWith('https:') ? (await readServerCertificate(new URL(url).origin)).sha1 : null)

function isSame({ version, company, description, server: [server, ...more] }: z.infer<typeof extension>, entry: PortalEntry, thumbprint: string | null): boolean {
  return (
    version === entry.version && company === COMPANY && description.label === LABEL.label && description.summary === LABEL.summary && more.length === 0 &&
    server?.url === entry.url && server.adminEmail.join() === entry.adminEmail && (server.serverThumbprint ?? null) === thumbprint
  )
}

const wireOf = ({ url, adminEmail, version }: PortalEntry, thumbprint: string | null): VimInput => ({
  key: EXTENSION_KEY, description: LABEL, company: COMPANY, version, lastHeartbeatTime: new Date(), shownInSolutionManager: true,
  server: [{ url, description: LABEL, company: COMPANY, type: url.startsWith('https:') ? 'HTTPS' : 'HTTP', adminEmail: [adminEmail], ...(thumbprint === null ? {} : { serverThumbprint: thumbprint }) }],
})

function managerOf({ content }: Vim): Ref {
  if (content.extensionManager === undefined) throw new VimError('INVALID_CALL', `${content.about.fullName} lists no extensions: only a vCenter does.`)
  return content.extensionManager
}
