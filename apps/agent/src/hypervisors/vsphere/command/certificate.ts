import { normalFingerprint } from '@driftless/vim25'
import type { ServerCertificate } from '@driftless/vim25'
import { Refusal } from './refusal.ts'
import type { Terminal } from './terminal.ts'

/** What the certificate may be confirmed by, besides a person. */
export interface Confirmed {
  /** By `--fingerprint`. */
  readonly given: string | null
  /** By an earlier `connect`. */
  readonly before: string | null
}

/** Shows the server's certificate and has it confirmed. Rejects with a `Refusal` where it is not: nothing is sent to that server then. */
export async function confirmCertificate(terminal: Terminal, address: string, certificate: ServerCertificate, { given, before }: Confirmed): Promise<void> {
  const { fingerprint } = certificate
  terminal.say(`${address} shows this certificate:`)
  terminal.say()
  for (const [name, value] of rowsOf(certificate)) terminal.say(`  ${name.padEnd(9)} ${value}`)
  terminal.say()
  if (expired(certificate)) terminal.warn('It is not valid today. What is trusted is this one certificate, so it can be used; have it renewed all the same.')
  if (given !== null) {
    if (normalFingerprint(given) === fingerprint) return terminal.done('that is the fingerprint which was given')
    throw new Refusal(`That is not the fingerprint which was given: ${normalFingerprint(given) ?? given}. Nothing was sent to this server. Check the address; somebody may answer in its place.`)
  }
  if (before === fingerprint) return terminal.done('that is the certificate which was confirmed before')
  if (before !== null) {
    terminal.warn('It is another one than was confirmed before. Unless it was renewed, somebody answers in the server’s place.')
    terminal.say(`  ${'Before'.padEnd(9)} ${before}`)
    terminal.say(`  ${'Now'.padEnd(9)} ${fingerprint}`)
    terminal.say()
  }
  if (!terminal.interactive) throw new Refusal('Nobody can be asked here whether that is the server’s certificate. Compare it, then give it with --fingerprint.')
  terminal.say('Compare the fingerprint with what the server itself says. In the shell of vCenter’s appliance:')
  terminal.say(terminal.paint('cyan', '  openssl x509 -in /etc/vmware-vpx/ssl/rui.crt -noout -fingerprint -sha256'))
  terminal.say('and of an ESXi host:')
  terminal.say(terminal.paint('cyan', '  openssl x509 -in /etc/vmware/ssl/rui.crt -noout -fingerprint -sha256'))
  terminal.say()
  if ((await terminal.ask('Are they the same? Type yes to trust this certificate:')).toLowerCase() !== 'yes') throw new Refusal('The certificate was not confirmed. Nothing was sent to this server, and nothing was stored.')
}

export const day = (date: Date): string => date.toISOString().slice(0, 10)

const rowsOf = ({ subject, issuer, validFrom, validTo, fingerprint }: ServerCertificate): (readonly [string, string])[] => [
  ['Subject', subject],
  ['Issuer', subject === issuer ? 'itself' : issuer],
  ['Valid', `${day(validFrom)} to ${day(validTo)}`],
  ['SHA-256', fingerprint],
]

const expired = ({ validFrom, validTo }: ServerCertificate): boolean => validTo.getTime() < Date.now() || validFrom.getTime() > Date.now()
