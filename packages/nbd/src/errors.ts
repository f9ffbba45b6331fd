/** POSIX names that travel as NBD error numbers. Source: the protocol's "Error values". */
const NUMBERS = { EPERM: 1, EIO: 5, ENOMEM: 12, EINVAL: 22, ENOSPC: 28, EOVERFLOW: 75, ENOTSUP: 95, ESHUTDOWN: 108 } as const
export type BlockErrorCode = keyof typeof NUMBERS

/** A block device said no; `code` is a POSIX name. */
export class BlockError extends Error {
  readonly code: BlockErrorCode
  constructor(code: BlockErrorCode, message: string) {
    super(message)
    this.name = 'BlockError'
    this.code = code
  }
}

/** The NBD number of a code. */
export const numberOf = (code: BlockErrorCode): number => NUMBERS[code]

/** The NBD number for whatever a device rejected with; EIO for what has no number of its own. */
export function errorNumber(error: unknown): number {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  if (code === 'EDQUOT' || code === 'EFBIG') return NUMBERS.ENOSPC
  for (const [name, number] of Object.entries(NUMBERS)) if (name === code) return number
  return NUMBERS.EIO
}

/** The error behind a number that a server answered. */
export function errorFromNumber(number: number, what: string): BlockError {
  for (const name of ['EPERM', 'EIO', 'ENOMEM', 'EINVAL', 'ENOSPC', 'EOVERFLOW', 'ENOTSUP', 'ESHUTDOWN'] as const) {
    if (NUMBERS[name] === number) return new BlockError(name, `${what}: the server answered ${name}.`)
  }
  return new BlockError('EIO', `${what}: the server answered error ${number}.`)
}
