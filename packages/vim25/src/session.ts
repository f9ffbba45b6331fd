import { z } from 'zod'
import { ask, localizedFault, reference } from './ask.ts'
import type { VimCaller } from './ask.ts'
import { isFault, isNotAuthenticated } from './errors.ts'
import type { VimError } from './errors.ts'
import { decodeResponse, encodeRequest } from './soap.ts'
import { fileError, pathOf } from './datastore-file.ts'
import type { DatastoreFile } from './datastore-file.ts'
import { SoapTransport } from './transport.ts'
import type { TransportOptions } from './transport.ts'
import type { Ref, VimArguments, VimValue } from './values.ts'

/** A session ends after 30 minutes without a call on vCenter and ESXi as they are delivered. */
const KEEP_ALIVE_MS = 10 * 60_000

/** Where everything starts; the only reference that is the same everywhere. */
const SERVICE_INSTANCE: Ref = { type: 'ServiceInstance', value: 'ServiceInstance' }

const serviceContent = z.object({
  rootFolder: reference,
  propertyCollector: reference,
  viewManager: reference,
  sessionManager: reference,
  searchIndex: reference.optional(),
  virtualDiskManager: reference.optional(),
  fileManager: reference.optional(),
  eventManager: reference.optional(),
  perfManager: reference.optional(),
  extensionManager: reference.optional(),
  ioFilterManager: reference.optional(),
  authorizationManager: reference.optional(),
  about: z.object({ fullName: z.string(), apiType: z.string(), apiVersion: z.string(), instanceUuid: z.string().optional() }),
})
/** The managers that every other call goes through, and what the server says of itself. */
export type ServiceContent = z.infer<typeof serviceContent>

export interface VimOptions extends TransportOptions {
  readonly username: string
  readonly password: string
  /** How long nothing may be called before the session is kept alive. */
  readonly keepAliveMs?: number
}

/** One session on one vCenter or ESXi host. Share it: a vCenter has 3,000 of them for everybody. */
export interface Vim extends VimCaller {
  readonly content: ServiceContent
  /** The server's name for the session of now; another after a new login. */
  readonly sessionKey: string
  /** Fills `into` with the file's bytes at `offset`. Rejects with `VimError`, GONE where there is no such file. */
  readFile(file: DatastoreFile, offset: number, into: Buffer, signal?: AbortSignal): Promise<void>
  /** The file's length in bytes. Rejects as `readFile` does. */
  fileBytes(file: DatastoreFile, signal?: AbortSignal): Promise<number>
  /** Logs out and ends what is under way. Never rejects. */
  close(): Promise<void>
}

class VimSession implements Vim {
  readonly #transport: SoapTransport
  readonly #credentials: Pick<VimOptions, 'username' | 'password'>
  readonly #keepAlive: NodeJS.Timeout
  #content: ServiceContent | null = null
  #key = ''
  /** Counts logins: a call that failed under an older session needs no login of its own. */
  #logins = 0
  #loggingIn: Promise<void> | null = null
  #refused: VimError | null = null
  #lastCallAtMs = Date.now()
  #closing: Promise<void> | null = null

  constructor({ username, password, keepAliveMs = KEEP_ALIVE_MS, ...transport }: VimOptions) {
    this.#transport = new SoapTransport(transport)
    this.#credentials = { username, password }
    this.#keepAlive = setInterval(() => void this.#stayAlive(keepAliveMs), keepAliveMs).unref()
  }

  get content(): ServiceContent {
    if (this.#content === null) throw new Error('The session is used before it was opened.')
    return this.#content
  }

  get sessionKey(): string {
    return this.#key
  }

  async open(): Promise<void> {
    const send: VimCaller = { call: (ref, method, args, signal) => this.#send(ref, method, args, signal) }
    this.#content = await ask(send, SERVICE_INSTANCE, 'RetrieveServiceContent', {}, serviceContent)
    await this.#login(this.#logins)
  }

  async call(ref: Ref, method: string, args: VimArguments = {}, signal?: AbortSignal): Promise<VimValue | undefined> {
    if (this.#loggingIn !== null) await this.#loggingIn
    const under = this.#logins
    try {
      const answer = await this.#send(ref, method, args, signal)
      if (!isBlankForNobody(answer) || this.#closing !== null) return answer
    } catch (error) {
      if (!isNotAuthenticated(error) || this.#closing !== null) throw error
    }
    // The server has done nothing of what it refused for want of a session: to ask once more is safe for any method.
    await this.#login(under)
    return this.#send(ref, method, args, signal)
  }

  async readFile(file: DatastoreFile, offset: number, into: Buffer, signal?: AbortSignal): Promise<void> {
    if (into.length > 0) await this.#get(file, { offset, into }, signal)
  }

  fileBytes(file: DatastoreFile, signal?: AbortSignal): Promise<number> {
    return this.#get(file, null, signal)
  }

  async #get(file: DatastoreFile, part: { readonly offset: number; readonly into: Buffer } | null, signal: AbortSignal | undefined): Promise<number> {
    if (this.#loggingIn !== null) await this.#loggingIn
    const under = this.#logins
    this.#lastCallAtMs = Date.now()
    let answer = await this.#transport.get(pathOf(file), part, signal)
    if (answer.status === 401 && this.#closing === null) {
      await this.#login(under)
      answer = await this.#transport.get(pathOf(file), part, signal)
    }
    if (answer.status === (part === null ? 200 : 206)) return answer.length
    throw fileError(file, answer.status, this.#transport.origin)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #send(ref: Ref, method: string, args: VimArguments = {}, signal?: AbortSignal): Promise<VimValue | undefined> {
    this.#lastCallAtMs = Date.now()
    return decodeResponse(await this.#transport.post(encodeRequest(ref, method, args), signal), ref, method)
  }

  /** Logs in, once for everybody who waits, unless that was done since the caller's session. */
  #login(under: number): Promise<void> {
    if (this.#logins !== under) return Promise.resolve()
    // A directory locks an account after a few wrong passwords: never try the same twice.
    if (this.#refused !== null) return Promise.reject(this.#refused)
    this.#loggingIn ??= this.#logInAnew().finally(() => {
      this.#loggingIn = null
    })
    return this.#loggingIn
  }

  async #logInAnew(): Promise<void> {
    // A server refuses a login within a session, and what is left of the old one may look like that.
    this.#transport.forgetSession()
    const { username: userName, password } = this.#credentials
    const send: VimCaller = { call: (ref, method, args) => this.#send(ref, method, args) }
    try {
      const session = await ask(send, this.content.sessionManager, 'Login', { userName, password }, z.object({ key: z.string() }))
      this.#key = session.key
      this.#logins += 1
    } catch (error) {
      if (isFault(error, 'InvalidLogin')) this.#refused = error
      throw error
    }
  }

  async #stayAlive(idleMs: number): Promise<void> {
    if (this.#logins === 0 || Date.now() - this.#lastCallAtMs < idleMs) return
    // What is wrong now is told to the next one who wants something.
    await this.call(SERVICE_INSTANCE, 'CurrentTime').catch(() => undefined)
  }

  async #close(): Promise<void> {
    clearInterval(this.#keepAlive)
    await this.#loggingIn?.catch(() => undefined)
    // A server that cannot be reached ends the session by itself.
    if (this.#logins > 0) await this.#send(this.content.sessionManager, 'Logout').catch(() => undefined)
    await this.#transport.close()
  }
}

const blank = z.object({ objects: z.array(z.object({ propSet: z.array(z.unknown()).optional(), missingSet: z.array(z.object({ fault: localizedFault })) })) })

/** A property collector refuses nobody who has no session: it says of each property that it is not theirs to see. */
function isBlankForNobody(answer: VimValue | undefined): boolean {
  const found = blank.safeParse(answer)
  return found.success && found.data.objects.some(({ missingSet }) => missingSet.some(({ fault }) => fault.fault.$type === 'NotAuthenticated'))
}

/**
 * Connects to a vCenter or an ESXi host and logs in. A session that the server has forgotten is opened anew by the
 * next call. Rejects with `VimFault` (`InvalidLogin`: wrong name or password) or another `VimError`.
 */
export async function connectVim(options: VimOptions): Promise<Vim> {
  const session = new VimSession(options)
  try {
    await session.open()
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}
