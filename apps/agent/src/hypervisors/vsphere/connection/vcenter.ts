import type { Problem } from '@driftless/agent-api'
import { VimError, connectVim, isFault } from '@driftless/vim25'
import type { Vim } from '@driftless/vim25'

/** A vCenter or ESXi host, and who we are to it. */
export interface VsphereAccess {
  /** Such as `https://vcenter.example`. */
  readonly address: string
  /** The SHA-256 fingerprint of its certificate that a person confirmed. */
  readonly fingerprint: string
  readonly username: string
  readonly password: string
}

/** After a failure nobody asks again for so long: a vCenter that is starting up has enough to do. */
const RETRY_MS = 3_000

/** The one session of this agent, opened when first needed and shared by everybody. */
export class VCenter {
  readonly #access: VsphereAccess
  #opening: Promise<Vim> | null = null
  #failure: { readonly error: unknown; readonly atMs: number } | null = null
  #problem: Problem | null = null
  #closed = false

  constructor(access: VsphereAccess) {
    this.#access = access
  }

  get address(): string {
    return this.#access.address
  }

  /** What stands between us and it, as of the last call; null: nothing. */
  get problem(): Problem | null {
    return this.#problem
  }

  /** The open session. Rejects with `VimError`; a wrong password is not tried a second time. */
  async vim(): Promise<Vim> {
    if (this.#closed) throw new VimError('CLOSED', 'The agent is stopping.')
    const failure = this.#failure
    if (failure !== null && (isFault(failure.error, 'InvalidLogin') || Date.now() - failure.atMs < RETRY_MS)) throw failure.error
    this.#opening ??= connectVim(this.#access)
    try {
      return await this.#opening
    } catch (error) {
      this.#opening = null
      this.#failure = { error, atMs: Date.now() }
      this.#note(error)
      throw error
    }
  }

  /** Does something within the session, and remembers for `problem` whether the server could be spoken to. */
  async use<T>(work: (vim: Vim) => Promise<T>): Promise<T> {
    try {
      const done = await work(await this.vim())
      this.#problem = null
      return done
    } catch (error) {
      this.#note(error)
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const vim = await this.#opening?.catch(() => null)
    await vim?.close()
  }

  /** A fault is an answer like any other, but for those that say that we are not let in. */
  #note(error: unknown): void {
    if (!(error instanceof VimError) || error.code === 'CLOSED') return
    if (isFault(error, 'InvalidLogin')) {
      this.#problem = { code: 'VCENTER_REFUSES_LOGIN', message: `${this.#access.address} refuses the name or the password of this agent. Give it the right ones with "connect" on the agent; nothing is tried until then, so that the account is not locked.` }
    } else if (error.code !== 'FAULT' && error.code !== 'GONE' && error.code !== 'INVALID_CALL') {
      this.#problem = { code: `VCENTER_${error.code}`, message: error.message.slice(0, 500) }
    }
  }
}
