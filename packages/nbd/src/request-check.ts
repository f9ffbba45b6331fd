import type { BlockErrorCode } from './errors.ts'
import { COMMAND, COMMAND_FLAG, MAX_PAYLOAD_BYTES } from './protocol.ts'
import type { Request } from './protocol.ts'

/** The flags that each command may carry. */
const ALLOWED: Readonly<Record<number, number>> = {
  [COMMAND.READ]: COMMAND_FLAG.FUA,
  [COMMAND.WRITE]: COMMAND_FLAG.FUA,
  [COMMAND.FLUSH]: COMMAND_FLAG.FUA,
  [COMMAND.TRIM]: COMMAND_FLAG.FUA,
  [COMMAND.WRITE_ZEROES]: COMMAND_FLAG.FUA | COMMAND_FLAG.NO_HOLE | COMMAND_FLAG.FAST_ZERO,
  [COMMAND.BLOCK_STATUS]: COMMAND_FLAG.REQ_ONE,
}

const CHANGES = new Set<number>([COMMAND.WRITE, COMMAND.TRIM, COMMAND.WRITE_ZEROES])

/** What a connection may ask for. */
export interface Limits {
  readonly sizeBytes: number
  readonly readOnly: boolean
  /** Whether `base:allocation` was agreed on. */
  readonly allocation: boolean
}

/** What is wrong with a request, as the protocol wants it answered; null when nothing is. */
export function refusalOf(request: Request, limits: Limits): BlockErrorCode | null {
  const { command, flags, offset, length } = request
  const allowed = ALLOWED[command]
  if (allowed === undefined || (flags & ~allowed) !== 0) return 'EINVAL'
  if (command === COMMAND.FLUSH) return null
  if (limits.readOnly && CHANGES.has(command)) return 'EPERM'
  if (offset + length > limits.sizeBytes) return command === COMMAND.WRITE || command === COMMAND.WRITE_ZEROES ? 'ENOSPC' : 'EINVAL'
  if (command === COMMAND.READ && length > MAX_PAYLOAD_BYTES) return 'EOVERFLOW'
  if (command === COMMAND.BLOCK_STATUS && (length === 0 || !limits.allocation)) return 'EINVAL'
  // Zeroes are written here, never faster than data: whoever wants them only if fast is told so at once.
  if (flags & COMMAND_FLAG.FAST_ZERO) return 'ENOTSUP'
  return null
}

