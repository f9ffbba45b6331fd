import type { VimValue } from './values.ts'

/** What XML Schema's own types are to us. */
const PRIMITIVES = new Set(['string', 'anyURI', 'boolean', 'byte', 'short', 'int', 'long', 'float', 'double', 'dateTime', 'base64Binary'])

export const isPrimitive = (type: string): boolean => PRIMITIVES.has(type)

const WHOLE = /^[+-]?\d{1,19}$/
/** Nothing in these can be matched in two ways: a long text that is none of it is refused in linear time. */
const REAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
const MOMENT = /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/
const BASE64 = /^[A-Za-z\d+/\s]*={0,2}$/
const INT_BITS: Readonly<Record<string, number>> = { byte: 8, short: 16, int: 32, long: 64 }

/** The value of a primitive; undefined where the text is none of that type. */
export function readPrimitive(type: string, text: string): VimValue | undefined {
  const trimmed = text.trim()
  switch (type) {
    case 'boolean':
      return trimmed === 'true' || trimmed === '1' ? true : trimmed === 'false' || trimmed === '0' ? false : undefined
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
      return readWhole(type, trimmed)
    case 'float':
    case 'double':
      return trimmed === 'NaN' ? Number.NaN : trimmed === 'INF' ? Infinity : trimmed === '-INF' ? -Infinity : REAL.test(trimmed) ? Number(trimmed) : undefined
    case 'dateTime': {
      const at = MOMENT.test(trimmed) ? new Date(trimmed) : null
      return at === null || Number.isNaN(at.getTime()) ? undefined : at
    }
    case 'base64Binary':
      return BASE64.test(trimmed) ? Buffer.from(trimmed, 'base64') : undefined
    default:
      return text
  }
}

function readWhole(type: string, text: string): number | bigint | undefined {
  if (!WHOLE.test(text)) return undefined
  const value = BigInt(text.replace('+', ''))
  if (BigInt.asIntN(INT_BITS[type] ?? 0, value) !== value) return undefined
  return type === 'long' ? value : Number(value)
}

/** The text of a value as that type; undefined where it is none. A whole number that is exact may stand for a long. */
export function writePrimitive(type: string, value: unknown): string | undefined {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : undefined
    case 'byte':
    case 'short':
    case 'int':
    case 'long': {
      const exact = typeof value === 'bigint' || Number.isSafeInteger(value)
      return exact && readWhole(type, String(value)) !== undefined ? String(value) : undefined
    }
    case 'float':
    case 'double':
      return typeof value === 'number' ? (value === Infinity ? 'INF' : value === -Infinity ? '-INF' : String(value)) : undefined
    case 'dateTime':
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined
    case 'base64Binary':
      return Buffer.isBuffer(value) ? value.toString('base64') : undefined
    default:
      return typeof value === 'string' ? value : undefined
  }
}

/** The type that a value has by itself, where the place says nothing; undefined for objects. */
export function naturalType(value: unknown): string | undefined {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'bigint') return 'long'
  if (typeof value === 'number') return writePrimitive('int', value) === undefined ? 'double' : 'int'
  if (value instanceof Date) return 'dateTime'
  return Buffer.isBuffer(value) ? 'base64Binary' : undefined
}
