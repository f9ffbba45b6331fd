import { judgeAddress } from '@driftless/domain'
import type { Network } from '@driftless/domain'
import { Agent, buildConnector } from 'undici'
import type { Resolve } from './resolve.ts'

/** What a connection may be made to, and how. `ca`: certificate authorities beside the system's. */
export type Reach = { readonly allowed: readonly Network[]; readonly resolve: Resolve; readonly ca?: string | undefined }

/** A connection that was not made: the name has no address, or one of its addresses is out of bounds. */
export class NotReached extends Error {
  readonly failure: 'NAME' | 'ADDRESS'
  constructor(failure: 'NAME' | 'ADDRESS', message: string) {
    super(message)
    this.name = 'NotReached'
    this.failure = failure
  }
}

const CONNECT_TIMEOUT_MS = 5_000
/** A name with more addresses than this is tried at the first of them. */
const MOST_ADDRESSES = 4

/**
 * An agent for one request, whose connections go to addresses that were checked, and to no other: the name is resolved once,
 * here, all of its addresses are judged, and the socket connects to one of these very addresses. A name that answers
 * differently the next time has nothing to gain. Without a pool: nobody gets a connection that was allowed to somebody else.
 */
export function guardedAgent(reach: Reach, signal: AbortSignal): Agent {
  const connect = buildConnector({ allowH2: false, timeout: CONNECT_TIMEOUT_MS, ...(reach.ca === undefined ? {} : { ca: reach.ca }) })
  return new Agent({
    pipelining: 0,
    connections: 1,
    connect: (options, callback) => void answer(callback, async () => firstThatConnects(connect, options, await checkedAddresses(reach, options.hostname, options.protocol), signal)),
  })
}

async function answer(callback: buildConnector.Callback, connecting: () => Promise<ConnectedSocket>): Promise<void> {
  let socket: ConnectedSocket
  try {
    socket = await connecting()
  } catch (error) {
    return callback(error instanceof Error ? error : new Error(String(error)), null)
  }
  callback(null, socket)
}

async function checkedAddresses({ allowed, resolve }: Reach, hostname: string, protocol: string): Promise<readonly string[]> {
  const addresses = await resolve(hostname)
  if (addresses.length === 0) throw new NotReached('NAME', `${hostname} has no address.`)
  for (const address of addresses) {
    const judged = judgeAddress(address, allowed)
    if (judged === 'REFUSED' || (judged === 'PUBLIC' && protocol !== 'https:')) throw new NotReached('ADDRESS', `${hostname} is ${address}, where no webhook may go${judged === 'PUBLIC' ? ' without TLS' : ''}.`)
  }
  return addresses.slice(0, MOST_ADDRESSES)
}

async function firstThatConnects(connect: buildConnector.connector, options: buildConnector.Options, addresses: readonly string[], signal: AbortSignal) {
  let failed: unknown
  for (const address of addresses) {
    signal.throwIfAborted()
    try {
      return await new Promise<ConnectedSocket>((resolve, reject) => {
        // `host` stays what it was, so the certificate is held against the name.
        connect({ ...options, hostname: address }, (error, socket) => (error === null ? resolve(socket) : reject(error)))
      })
    } catch (error) {
      failed = error
    }
  }
  throw failed
}
type ConnectedSocket = NonNullable<Parameters<buildConnector.Callback>[1]>
