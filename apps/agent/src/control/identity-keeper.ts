import { X509Certificate, createPrivateKey } from 'node:crypto'
import type { Logger } from 'pino'
import { CERTIFICATE_REFUSED, GatewayRefusal, gatewayClient } from '@driftless/agent-api'
import type { GatewayClient } from '@driftless/agent-api'
import { Waiter, sleep } from '../sleep.ts'
import { Backoff } from './backoff.ts'
import { EnrolmentError } from './enrolment-error.ts'
import { liveGatewayHttp } from './gateway-http.ts'
import type { GatewayTls, LiveGatewayHttp } from './gateway-http.ts'
import { storeIdentity } from './identity.ts'
import type { Identity } from './identity.ts'
import { LiveIdentity } from './live-identity.ts'

/** After a renewal that failed there are days left to try again; a refused agent is waited for. */
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000

/** What a person must do is said again this often. */
const SAY_AGAIN_MS = 600_000

const IDLE_MS = 60_000

export interface IdentityKeeperOptions {
  gatewayUrl: string
  dataDirectory: string
  identity: Identity
  /** From the environment; may be the one that this identity was once enrolled with. */
  token: string | undefined
  host: string
  version: string
  log: Logger
  /** A person's fresh token has brought the key of those whose orders count from now on. */
  obey: (orderPublicKey: string) => Promise<void>
  /** The credentials were replaced: whoever listens with them is to listen with the new ones. */
  replaced: () => void
}

/**
 * Keeps the agent who it is. It has the certificate renewed when the gateway says so; when the gateway refuses it, and there is a
 * token that was not used yet, it enrols anew as the same agent, with all that it has stored. A new identity is on disk before it is
 * used. Without one nothing else stops: guests run, what they write is remembered, and the gateway is asked again and again.
 */
export class IdentityKeeper {
  readonly credentials: LiveIdentity
  /** The calls to the gateway, with the credentials of the moment. */
  readonly client: GatewayClient
  readonly #options: IdentityKeeperOptions
  readonly #http: LiveGatewayHttp
  readonly #stop = new AbortController()
  readonly #waiter = new Waiter()
  #wanted: 'RENEWAL' | 'ENROLMENT' | null = null
  /** Refused for good, or traded already. */
  #tokenSpent = false
  #saidAtMs = Number.NEGATIVE_INFINITY
  #running: Promise<void> = Promise.resolve()

  constructor(options: IdentityKeeperOptions) {
    this.#options = options
    this.credentials = new LiveIdentity(options.identity)
    this.#http = liveGatewayHttp(options.gatewayUrl, tlsOf(options.identity))
    const calls = gatewayClient(this.#http.post)
    this.client = {
      ...calls,
      desired: (request) => calls.desired(request).catch((error: unknown) => this.#heed(error)),
      report: async (request) => {
        const answer = await calls.report(request).catch((error: unknown) => this.#heed(error))
        if (answer.renewCertificate === true) this.#want('RENEWAL')
        return answer
      },
    }
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('The agent is stopping.'))
    await this.#http.close()
    await this.#running
  }

  #heed(error: unknown): never {
    if (error instanceof GatewayRefusal && error.code === CERTIFICATE_REFUSED) this.#refused(error)
    throw error
  }

  #refused({ message }: GatewayRefusal): void {
    if (this.#options.token !== undefined && !this.#tokenSpent) return this.#want('ENROLMENT')
    const nowMs = performance.now()
    if (nowMs - this.#saidAtMs < SAY_AGAIN_MS) return
    this.#saidAtMs = nowMs
    this.#options.log.error(
      { agentId: this.credentials.agentId, reason: message },
      'the gateway refuses this agent: nothing is reported, and its partners end their streams. Guests run on, and what they write is remembered. To let it in again choose "Enrol again" at this agent in the portal (Configure, Agents), and start it with the new token in ENROLMENT_TOKEN and the same AGENT_DATA_DIR',
    )
  }

  #want(wanted: 'RENEWAL' | 'ENROLMENT'): void {
    this.#wanted = wanted
    this.#waiter.wake()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const backoff = new Backoff(FIRST_RETRY_MS, LONGEST_RETRY_MS)
    while (!signal.aborted) {
      if (this.#wanted === null) {
        await this.#waiter.wait(IDLE_MS, signal)
        continue
      }
      try {
        if (this.#wanted === 'RENEWAL') await this.#renew()
        else await this.#enrolAgain()
        backoff.reset()
      } catch (error) {
        if (signal.aborted) return
        const retryMs = backoff.nextMs()
        this.#options.log.warn({ reason: messageOf(error), retryMs: Math.round(retryMs) }, this.#wanted === 'RENEWAL' ? 'the certificate could not be renewed; trying again' : 'the agent could not be enrolled again; trying again')
        await sleep(retryMs, signal).catch(() => {})
      }
      // Whoever still has reason to says so again: with the next report, or the next refusal.
      this.#wanted = null
    }
  }

  async #renew(): Promise<void> {
    const { newKey } = await import('./new-key.ts')
    const { keyPem, certificateRequestPem } = await newKey()
    const { certificatePem } = await this.client.renew({ certificateRequestPem })
    await this.#take({ ...this.credentials.present, keyPem, certificatePem })
    this.#options.log.info({ until: new X509Certificate(certificatePem).validTo }, 'certificate renewed')
  }

  async #enrolAgain(): Promise<void> {
    const { token = '', gatewayUrl, host, version, log } = this.#options
    const { agentId, present } = this.credentials
    const { enrol, tokenHash } = await import('./enrol.ts')
    if (present.enrolledWith === tokenHash(token)) return this.#spend('the token in ENROLMENT_TOKEN is the one that this agent was enrolled with already')
    try {
      const { identity: next, orderPublicKey } = await enrol({ gatewayUrl, token, host, version, agentId })
      this.#tokenSpent = true
      // A gateway of before does not look at who asks.
      if (next.agentId !== agentId) return log.error({ agentId, answered: next.agentId }, `the token in ENROLMENT_TOKEN is for another agent, ${next.agentId}; this one stays ${agentId}, with its data. Choose "Enrol again" at this agent in the portal, and remove the other one's entry`)
      if (orderPublicKey !== null) await this.#options.obey(orderPublicKey)
      await this.#take(next)
      log.info({ agentId }, 'enrolled again, with all that was stored')
    } catch (error) {
      const final = error instanceof EnrolmentError || (error instanceof GatewayRefusal && error.status === 403)
      if (!final) throw error
      this.#spend(messageOf(error))
    }
  }

  #spend(why: string): void {
    this.#tokenSpent = true
    this.#options.log.warn({ reason: why }, 'the token in ENROLMENT_TOKEN cannot be used to enrol this agent again')
  }

  /** On disk first: an agent that is killed now starts with it, and the gateway takes it. */
  async #take(next: Identity): Promise<void> {
    demandOwn(next)
    await storeIdentity(this.#options.dataDirectory, next)
    this.credentials.replace(next)
    await this.#http.replace(tlsOf(next))
    this.#options.replaced()
  }
}

/** Throws when the certificate is not for this key and this agent: with it the agent would be locked out. */
function demandOwn({ certificatePem, keyPem, agentId }: Identity): void {
  const certificate = new X509Certificate(certificatePem)
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem)) || certificate.subject !== `CN=${agentId}`) throw new Error('The gateway answered with a certificate that is not for the key that this agent has made. Nothing was changed.')
}

const tlsOf = ({ caCertificatePem, certificatePem, keyPem }: Identity): GatewayTls => ({ ca: caCertificatePem, cert: certificatePem, key: keyPem })

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
