import { isIP } from 'node:net'
import { connect } from 'node:tls'
import type { PeerCertificate } from 'node:tls'
import { VimError } from './errors.ts'

/** A server across the world shakes hands within two seconds; this one may be starting. */
const HANDSHAKE_TIMEOUT_MS = 15_000

/** What a person is shown to confirm a server by. */
export interface ServerCertificate {
  /** SHA-256 over the certificate, `AB:CD:…`: what is pinned. */
  readonly fingerprint: string
  /** SHA-1, which NFC leases and extensions still speak of. */
  readonly sha1: string
  readonly subject: string
  readonly issuer: string
  readonly validFrom: Date
  readonly validTo: Date
}

const FINGERPRINT_HEX = /^[\dA-F]{64}$/

/** A SHA-256 fingerprint in the one form we compare, however a person wrote it; null where it is none. */
export function normalFingerprint(text: string): string | null {
  const hex = text.replaceAll(/[\s:]/g, '').toUpperCase()
  return FINGERPRINT_HEX.test(hex) ? (hex.match(/../g) ?? []).join(':') : null
}

/** `https://vcenter.example` or with a port, as host and port. Throws `VimError` INVALID_CALL. */
export function parseAddress(address: string): { readonly hostname: string; readonly port: number; readonly origin: string } {
  const url = URL.canParse(address) ? new URL(address) : null
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') throw new VimError('INVALID_CALL', 'The address of a vCenter or an ESXi host must be like https://vcenter.example, without a name or a password in it.')
  return { hostname: url.hostname.replaceAll(/[[\]]/g, ''), port: url.port === '' ? 443 : Number(url.port), origin: url.origin }
}

/**
 * Reads the certificate of a server without trusting or telling it anything, so that a person can compare the
 * fingerprint with what the server's own console shows, once. Rejects with `VimError` UNREACHABLE or TIMEOUT.
 */
export function readServerCertificate(address: string): Promise<ServerCertificate> {
  const { hostname, port, origin } = parseAddress(address)
  const { promise, resolve, reject } = Promise.withResolvers<ServerCertificate>()
  // Nothing is believed here: the certificate is what is asked for.
  const socket = connect({ host: hostname, port, rejectUnauthorized: false, ...(isIP(hostname) === 0 ? { servername: hostname } : {}) })
  socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy(new VimError('TIMEOUT', `${origin} did not show its certificate within ${HANDSHAKE_TIMEOUT_MS / 1000} s. Check that a vCenter or an ESXi host listens there.`)))
  socket.on('error', (error) => reject(error instanceof VimError ? error : new VimError('UNREACHABLE', `${origin} cannot be reached (${error.message}). Check the address and the firewall.`, { cause: error })))
  socket.on('close', () => reject(new VimError('UNREACHABLE', `${origin} hung up before it showed its certificate.`)))
  socket.on('secureConnect', () => {
    resolve(describe(socket.getPeerCertificate()))
    socket.destroy()
  })
  return promise
}

const describe = (certificate: PeerCertificate): ServerCertificate => ({
  fingerprint: certificate.fingerprint256,
  sha1: certificate.fingerprint,
  subject: nameIn(certificate.subject),
  issuer: nameIn(certificate.issuer),
  validFrom: new Date(certificate.valid_from),
  validTo: new Date(certificate.valid_to),
})

/** `CN=vcenter, O=VMware`; an appliance's own authority often has no CN. */
const nameIn = (name: PeerCertificate['subject']): string => Object.entries(name).map(([key, value]) => `${key}=${[value].flat().join('+')}`).join(', ')
