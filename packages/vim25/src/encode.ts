import { VimError } from './errors.ts'
import { REFERENCE, complexType, isA, methodOf } from './metadata.ts'
import type { Field } from './metadata.ts'
import { isPrimitive, naturalType, writePrimitive } from './primitives.ts'
import { nameOf } from './values.ts'
import type { Ref, VimArguments } from './values.ts'
import { MAX_DEPTH, escapeXml, isList, isRecord } from './xml.ts'

/** Names where it is wrong and never the value: it may be a password. */
const invalid = (where: string, why: string) => new VimError('INVALID_CALL', `${where} ${why}; nothing was sent.`)

/** The element of a call, arguments in declared order. Throws `VimError` INVALID_CALL for what the metadata does not allow. */
export function encodeCall(ref: Ref, method: string, args: VimArguments): string {
  const known = methodOf(method)
  if (known === undefined) throw invalid(method, 'is not among the methods in packages/vim25/generate/subset.ts')
  const where = `${method} on ${nameOf(ref)}`
  return `<${method} xmlns="urn:vim25">${encodeValue('_this', REFERENCE, ref, where, 0)}${encodeFields(known.args, args, where, 0)}</${method}>`
}

function encodeFields(fields: readonly Field[], values: Readonly<Record<string, unknown>>, where: string, depth: number): string {
  const extra = Object.keys(values).find((name) => name !== '$type' && !fields.some((field) => field.name === name))
  if (extra !== undefined) throw invalid(where, `has no ${extra}`)
  return fields.map((field) => encodeField(field, values[field.name], `${where}, ${field.name}`, depth)).join('')
}

function encodeField(field: Field, value: unknown, where: string, depth: number): string {
  if (value === undefined) {
    if (field.optional || field.array) return ''
    throw invalid(where, 'is missing')
  }
  if (!field.array) return encodeValue(field.name, field.type, value, where, depth)
  if (!isList(value)) throw invalid(where, 'must be a list')
  return value.map((item) => encodeValue(field.name, field.type, item, where, depth)).join('')
}

function encodeValue(name: string, declared: string, value: unknown, where: string, depth: number): string {
  if (depth > MAX_DEPTH) throw invalid(where, `nests deeper than ${MAX_DEPTH}`)
  if (declared === REFERENCE) return encodeReference(name, value, '', where)
  if (isPrimitive(declared)) return `<${name}>${textOf(declared, value, where)}</${name}>`
  const natural = declared === 'anyType' ? naturalType(value) : undefined
  if (natural !== undefined) return `<${name} xsi:type="xsd:${natural}">${textOf(natural, value, where)}</${name}>`
  if (!isRecord(value)) throw invalid(where, `must be an object (${declared})`)
  const type = typeof value.$type === 'string' ? value.$type : declared
  if (type === REFERENCE) return encodeReference(name, value, ` xsi:type="${REFERENCE}"`, where)
  const known = complexType(type)
  if (known === undefined) throw invalid(where, `is of the type ${type}, which is not known here`)
  if (declared !== 'anyType' && !isA(type, declared)) throw invalid(where, `must be of the type ${declared}, which ${type} is not`)
  // Said of every object: harmless where the place decides, and demanded wherever it may be a more special one.
  return `<${name} xsi:type="${type}">${encodeFields(known.fields, value, where, depth + 1)}</${name}>`
}

function encodeReference(name: string, value: unknown, attributes: string, where: string): string {
  if (!isRecord(value) || typeof value.type !== 'string' || typeof value.value !== 'string') throw invalid(where, 'must be a reference')
  return `<${name} type="${escaped(value.type, where)}"${attributes}>${escaped(value.value, where)}</${name}>`
}

function textOf(type: string, value: unknown, where: string): string {
  const text = writePrimitive(type, value)
  if (text === undefined) throw invalid(where, `must be of the type xsd:${type}`)
  return escaped(text, where)
}

function escaped(text: string, where: string): string {
  const safe = escapeXml(text)
  if (safe === null) throw invalid(where, 'holds a character that XML cannot carry')
  return safe
}
