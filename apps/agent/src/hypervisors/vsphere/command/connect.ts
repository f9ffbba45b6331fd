import { normalFingerprint, readServerCertificate } from '@driftless/vim25'
import { findConnection, storeConnection, vsphereOptions } from '../connection/connection-file.ts'
import type { VsphereConnection, VsphereOptions } from '../connection/connection-file.ts'
import type { ConnectArguments } from './arguments.ts'
import { confirmCertificate } from './certificate.ts'
import { registerPortal } from './extension.ts'
import { lookAround } from './findings.ts'
import type { Findings } from './findings.ts'
import { logIn } from './log-in.ts'
import type { Places } from './places.ts'
import { Refusal, UsageError } from './refusal.ts'
import type { Terminal } from './terminal.ts'

const NOTHING: VsphereOptions = { agentVm: null, datacenter: null, storages: {}, networks: {}, read: 'auto', portalUrl: null, adminEmail: null }

/** `connect`: has the certificate confirmed, logs in, looks around, and stores what works. Rejects with what does not, and then nothing is stored. */
export async function connect(terminal: Terminal, places: Places, version: string, { address, user, fingerprint, passwordStdin, options }: ConnectArguments): Promise<void> {
  const before = await keptBefore(terminal, places)
  const same = before?.address === address ? before : null
  const merged = vsphereOptions.parse({ ...NOTHING, ...same, ...options })
  if (merged.portalUrl !== null && merged.adminEmail === null) throw new UsageError('--portal needs --admin-email: whom an administrator of the vCenter may write to about the portal’s entry.')
  const username = user ?? same?.username
  if (username === undefined) throw new UsageError('"connect" needs --user, the account of this agent in the vCenter.')
  if (fingerprint !== undefined && normalFingerprint(fingerprint) === null) throw new UsageError('--fingerprint takes 64 hexadecimal digits (SHA-256), with or without colons.')

  const certificate = await readServerCertificate(address)
  await confirmCertificate(terminal, address, certificate, { given: fingerprint ?? null, before: same?.fingerprint ?? null })
  const password = passwordStdin ? (await terminal.piped()).replace(/\r?\n$/, '') : await askPassword(terminal, username)
  const access = { address, fingerprint: certificate.fingerprint, username, password }
  const vim = await logIn(access)
  try {
    const findings = await lookAround(vim, merged)
    report(terminal, findings)
    if (findings.wrong.length > 0) throw new Refusal(`${findings.wrong.join('\n  ')}\n  Nothing was stored.`)
    await storeConnection(places.data, { ...access, ...merged }, places.keyFile)
    terminal.done(`stored in ${places.data}; name and password are sealed with the key in ${places.keyFile}`)
    await registerPortal(terminal, vim, merged, version)
  } finally {
    await vim.close()
  }
  terminal.say('Start the agent with HYPERVISOR=vsphere; one that runs already has to be started anew.')
}

/** What is stored; one that cannot be opened any more is about to be replaced. */
async function keptBefore(terminal: Terminal, places: Places): Promise<VsphereConnection | null> {
  try {
    return await findConnection(places.data, places.keyFile)
  } catch (error) {
    terminal.warn(`What was stored before is not used: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

function askPassword(terminal: Terminal, username: string): Promise<string> {
  if (!terminal.interactive) throw new UsageError('Nobody can be asked for the password here: pipe it in, with --password-stdin.')
  return terminal.askSecret(`Password of ${username}:`)
}

function report(terminal: Terminal, { product, vms, datacenters, remarks, privileges, wrong }: Findings): void {
  terminal.done(`logged in: ${product}`)
  terminal.say(`${vms === 1 ? '1 VM' : `${vms} VMs`} that this account can see, in ${datacenters.length === 1 ? `the datacenter ${datacenters.join()}` : `${datacenters.length} datacenters`}`)
  for (const remark of remarks) terminal.warn(remark)
  if (wrong.length > 0) return
  if (privileges === null) terminal.warn('The server does not say which privileges the account has.')
  else if (privileges.every(({ lacking }) => lacking.length === 0)) terminal.done('the account has all privileges')
  for (const { purpose, lacking } of privileges ?? []) if (lacking.length > 0) terminal.warn(`for ${purpose} the account lacks ${lacking.join(', ')}`)
}
