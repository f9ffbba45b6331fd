/** Codes of our own beside QMP's error classes (GenericError, CommandNotFound, DeviceNotFound …). */
export type QmpErrorCode = 'UNREACHABLE' | 'CLOSED' | 'TIMEOUT' | 'PROTOCOL' | (string & {})

/** QEMU refused a command (`code` is QMP's error class), or could not be asked (`code` is one of ours). */
export class QmpError extends Error {
  readonly code: QmpErrorCode
  constructor(code: QmpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'QmpError'
    this.code = code
  }

  /** Nobody answered: the QEMU is gone, or its socket is another's for now. Nothing is known of what it did. */
  get unanswered(): boolean {
    return this.code === 'UNREACHABLE' || this.code === 'CLOSED' || this.code === 'TIMEOUT'
  }
}
