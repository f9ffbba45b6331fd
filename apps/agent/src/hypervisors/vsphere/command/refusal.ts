/** The command ends here, for a reason that the person at the terminal is told. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal'
  /** What the process ends with. */
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The command was not given as it has to be. */
export class UsageError extends Refusal {
  override readonly name = 'UsageError'
  constructor(message: string) {
    super(`${message}\n  npm run vsphere -- help   says how it is used.`, 2)
  }
}

/** Somebody pressed Ctrl-C at a question. */
export const interrupted = (): Refusal => new Refusal('Stopped. Nothing was changed.', 130)
