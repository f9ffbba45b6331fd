import { METHODS, TYPES } from './generated/vim-types.ts'

/** One field of a data object, or one argument of a method. */
export interface Field {
  readonly name: string
  readonly type: string
  readonly array: boolean
  readonly optional: boolean
}

export interface ComplexType {
  /** '' at the root. */
  readonly base: string
  /** Those of its bases first: the order in which they are sent. */
  readonly fields: readonly Field[]
}

export interface Method {
  readonly args: readonly Field[]
  readonly returns: Field | null
}

export const REFERENCE = 'ManagedObjectReference'

/** `name type`, with `[]` for many and `?` for what may be left out. */
function parseField(text: string): Field {
  const [name = '', said = ''] = text.split(' ')
  const optional = said.endsWith('?')
  const bare = optional ? said.slice(0, -1) : said
  const array = bare.endsWith('[]')
  return { name, type: array ? bare.slice(0, -2) : bare, array, optional }
}

const types = new Map<string, ComplexType>()
const methods = new Map<string, Method>()

/** A data object's type; undefined for one outside of our subset. */
export function complexType(name: string): ComplexType | undefined {
  const known = types.get(name)
  if (known !== undefined) return known
  const [base, ...own] = Object.hasOwn(TYPES, name) ? (TYPES[name] ?? []) : []
  if (base === undefined) return undefined
  const type = { base, fields: [...(complexType(base)?.fields ?? []), ...own.map(parseField)] }
  types.set(name, type)
  return type
}

/** A method by its name on the wire; undefined for one outside of our subset. */
export function methodOf(name: string): Method | undefined {
  const known = methods.get(name)
  if (known !== undefined) return known
  const [returns, ...args] = Object.hasOwn(METHODS, name) ? (METHODS[name] ?? []) : []
  if (returns === undefined) return undefined
  const method = { args: args.map(parseField), returns: returns === '' ? null : parseField(`returnval ${returns}`) }
  methods.set(name, method)
  return method
}

/** Whether an object of type `name` may stand where `wanted` is declared. */
export function isA(name: string, wanted: string): boolean {
  for (let at: string | undefined = name; at !== undefined && at !== ''; at = complexType(at)?.base) if (at === wanted) return true
  return false
}
