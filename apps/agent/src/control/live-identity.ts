import type { Credentials } from '../stream/identity.ts'
import type { Identity } from './identity.ts'

/** The agent's identity at any time: whoever holds this sees the new certificate once it was replaced. Who the agent is stays. */
export class LiveIdentity implements Credentials {
  readonly agentId: string
  readonly role: Identity['role']
  #present: Identity

  constructor(identity: Identity) {
    this.agentId = identity.agentId
    this.role = identity.role
    this.#present = identity
  }

  get present(): Identity {
    return this.#present
  }

  get keyPem(): string {
    return this.#present.keyPem
  }

  get certificatePem(): string {
    return this.#present.certificatePem
  }

  get caCertificatePem(): string {
    return this.#present.caCertificatePem
  }

  /** Throws when it is another agent's. */
  replace(next: Identity): void {
    if (next.agentId !== this.agentId || next.role !== this.role) throw new Error(`This is the identity of ${next.role} agent ${next.agentId}, not of ${this.role} agent ${this.agentId}.`)
    this.#present = next
  }
}
