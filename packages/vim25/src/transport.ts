import { TLSSocket } from 'node:tls'
import { Pool, buildConnector } from 'undici'
import { VimError, messageOf } from './errors.ts'
import { normalFingerprint, parseAddress } from './fingerprint.ts'
import { SOAP_ACTION } from './soap.ts'

/** vCenter's proxy answers a connection at once; a host on a lossy line within seconds. */
const CONNECT_TIMEOUT_MS = 15_000
/** Above what WaitForUpdatesEx is told to wait, and above a login that asks a slow directory. */
const ANSWER_TIMEOUT_MS = 120_000
/** No call with its whole answer takes this long; a server that drips a byte a minute would. */
const CALL_TIMEOUT_MS = 300_000
/** A page of 100 VMs with all their devices is about 2 MiB. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024
/** Calls under way at once, of which each watch and each task waited for holds one; vCenter's proxy has hundreds. */
const MAX_CONNECTIONS = 32
/** vCenter's is 72 characters. */
const MAX_COOKIE_CHARACTERS = 1024
const SESSION_COOKIE = /^vmware_soap_session=[^;]*/

export interface TransportOptions {
  /** Such as `https://vcenter.example`. */
  readonly address: string
  /** The SHA-256 fingerprint that a person confirmed. */
  readonly fingerprint: string
}

/** Carries documents to one server, whose certificate it has compared before the first byte, and keeps the session's cookie. */
export class SoapTransport {
  readonly origin: string
  readonly #pool: Pool
  #cookie: string | null = null
  #closed = false

  /** Throws `VimError` INVALID_CALL for an address or a fingerprint that is none. */
  constructor({ address, fingerprint }: TransportOptions) {
    const pin = normalFingerprint(fingerprint)
    if (pin === null) throw new VimError('INVALID_CALL', 'A fingerprint is 64 hexadecimal digits (SHA-256), with or without colons.')
    const { origin } = parseAddress(address)
    this.origin = origin
    this.#pool = new Pool(origin, { connect: pinned(origin, pin), connections: MAX_CONNECTIONS, headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS })
  }

  /** The next login starts without what is left of the last. */
  forgetSession(): void {
    this.#cookie = null
  }

  /** Sends a document and resolves to the one that comes back, a fault's too. Rejects with `VimError`, or the signal's reason. */
  async post(body: string, signal?: AbortSignal): Promise<string> {
    if (this.#closed) throw this.#closedError()
    const deadline = AbortSignal.timeout(CALL_TIMEOUT_MS)
    try {
      const response = await this.#pool.request({
        path: '/sdk',
        method: 'POST',
        headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: SOAP_ACTION, ...(this.#cookie === null ? {} : { cookie: this.#cookie }) },
        body,
        signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      })
      const text = await readBounded(response.body, this.origin)
      // A fault comes with status 500.
      if (response.statusCode !== 200 && response.statusCode !== 500) throw new VimError('UNREACHABLE', `${this.origin} answers with HTTP ${response.statusCode}: its service is not up, or this is no vCenter. Try again in some minutes, then check the address.`)
      this.#keepCookie(response.headers['set-cookie'])
      return text
    } catch (error) {
      if (error instanceof VimError) throw error
      if (this.#closed) throw this.#closedError()
      signal?.throwIfAborted()
      throw failure(error, this.origin, deadline.aborted)
    }
  }

  /**
   * Asks for a file, or with a range for the part of it that `into` has room for, within the session. Resolves to the status and
   * the length that was announced; `into` is filled where the status is 206. Rejects as `post` does, PROTOCOL where the part is not
   * the one that was asked for.
   */
  async get(path: string, part: { readonly offset: number; readonly into: Buffer } | null, signal?: AbortSignal): Promise<{ status: number; length: number }> {
    if (this.#closed) throw this.#closedError()
    const deadline = AbortSignal.timeout(CALL_TIMEOUT_MS)
    const range = part === null ? {} : { range: `bytes=${part.offset}-${part.offset + part.into.length - 1}` }
    try {
      const { statusCode: status, headers, body } = await this.#pool.request({
        path,
        method: part === null ? 'HEAD' : 'GET',
        headers: { ...range, ...(this.#cookie === null ? {} : { cookie: this.#cookie }) },
        signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      })
      if (part === null || status !== 206) await body.dump()
      else await readWhole(body, part.into, this.origin)
      return { status, length: Number(headers['content-length']) }
    } catch (error) {
      if (error instanceof VimError) throw error
      if (this.#closed) throw this.#closedError()
      signal?.throwIfAborted()
      throw failure(error, this.origin, deadline.aborted)
    }
  }

  /** Ends what is under way, which rejects with CLOSED. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cookie = null
    await this.#pool.destroy()
  }

  #closedError(): VimError {
    return new VimError('CLOSED', `The connection to ${this.origin} was closed.`)
  }

  #keepCookie(header: string | string[] | undefined): void {
    for (const line of [header ?? []].flat()) {
      const cookie = SESSION_COOKIE.exec(line)?.[0]
      if (cookie !== undefined && cookie.length <= MAX_COOKIE_CHARACTERS) this.#cookie = cookie
    }
  }
}

/** Connects, and hands nothing on before the certificate is the one that was confirmed. */
function pinned(origin: string, pin: string): buildConnector.connector {
  // The pin is stricter than any authority, and vCenter's own authority is known to nobody. A resumed session may
  // come without a certificate, so none is kept.
  const connect = buildConnector({ rejectUnauthorized: false, maxCachedSessions: 0, allowH2: false, timeout: CONNECT_TIMEOUT_MS })
  return (options, callback) =>
    connect(options, (...result) => {
      const [error, socket] = result
      if (error !== null) return callback(error, null)
      const shown = socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : 'none'
      if (shown === pin) return callback(null, socket)
      socket.destroy()
      callback(new VimError('WRONG_CERTIFICATE', `${origin} shows another certificate than the one that was confirmed. Confirmed: ${pin}. Shown: ${shown}. Nothing was accepted and nothing was sent. If the certificate was renewed on purpose, compare the new fingerprint with the server's console and confirm it.`), null)
    })
}

async function readBounded(body: AsyncIterable<unknown>, origin: string): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    // Leaving the loop destroys the stream, and with it the connection.
    if (bytes > MAX_ANSWER_BYTES) throw new VimError('TOO_LARGE', `${origin} answers with more than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB to one call. Ask for fewer properties.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function readWhole(body: AsyncIterable<unknown>, into: Buffer, origin: string): Promise<void> {
  let at = 0
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue
    if (at + chunk.length > into.length) throw new VimError('PROTOCOL', `${origin} answers with more of a file than was asked for.`)
    at += chunk.copy(into, at)
  }
  if (at < into.length) throw new VimError('PROTOCOL', `${origin} answers with ${at} bytes of a file instead of ${into.length}.`)
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

function failure(error: unknown, origin: string, late: boolean): VimError {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (late || TIMEOUTS.has(code)) return new VimError('TIMEOUT', `${origin} did not answer in time. Check the network and the load of the server.`, { cause: error })
  return new VimError('UNREACHABLE', `${origin} cannot be reached (${messageOf(error)}). Check the address, the network and that its service runs.`, { cause: error })
}
