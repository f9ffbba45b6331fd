import { VimError } from './errors.ts'
import { REFERENCE, complexType } from './metadata.ts'
import type { Field } from './metadata.ts'
import { isPrimitive, readPrimitive } from './primitives.ts'
import type { VimObject, VimValue } from './values.ts'
import type { XmlElement } from './xml.ts'

/** A list as the value of a property is an object of such a type: `ArrayOfVirtualDevice`, `ArrayOfInt`. */
const ARRAY_OF = 'ArrayOf'

/**
 * The value of an element that is declared to be of a type; its `xsi:type` says more than that. What the metadata does
 * not know stays as it is: text a string, children fields of the object around them, several of a name a list.
 * Throws `VimError` PROTOCOL.
 */
export function decodeValue(element: XmlElement, declared: string): VimValue {
  const type = element.xsiType ?? declared
  if (type === REFERENCE) return { type: element.type ?? '', value: element.text }
  if (isPrimitive(type)) return decodePrimitive(element, type)
  if (type.startsWith(ARRAY_OF) && complexType(type) === undefined) {
    const item = itemOf(type)
    return element.children.map((child) => decodeValue(child, item))
  }
  // A server newer than the metadata: read as what the place declares, the rest as it is.
  const fields = (complexType(type) ?? complexType(declared))?.fields
  if (fields === undefined && element.children.length === 0) return element.text
  return decodeObject(element, type, fields ?? [])
}

/** `ArrayOfInt` holds xsd:int, `ArrayOfVirtualDevice` that type itself. */
function itemOf(type: string): string {
  const item = type.slice(ARRAY_OF.length)
  const primitive = item.charAt(0).toLowerCase() + item.slice(1)
  return isPrimitive(primitive) || primitive === 'anyType' ? primitive : item
}

function decodePrimitive(element: XmlElement, type: string): VimValue {
  const value = element.children.length === 0 ? readPrimitive(type, element.text) : undefined
  if (value === undefined) throw new VimError('PROTOCOL', `The server says "${element.text.slice(0, 40)}" for ${element.name}, which is no ${type}.`)
  return value
}

function decodeObject(element: XmlElement, type: string, fields: readonly Field[]): VimObject {
  const byName = new Map(fields.map((field) => [field.name, field]))
  const found = new Map<string, VimValue>()
  for (const [name, children] of Map.groupBy(element.children, (child) => child.name)) {
    const field = byName.get(name)
    const values = children.map((child) => decodeValue(child, field?.type ?? 'anyType'))
    const [first] = values
    if (first === undefined) continue
    if (field?.array === false && values.length > 1) throw new VimError('PROTOCOL', `The server names ${name} of ${type} ${values.length} times.`)
    found.set(name, field?.array === true || values.length > 1 ? values : first)
  }
  // `fromEntries` defines and never assigns: no name from outside reaches a prototype.
  return { ...Object.fromEntries(found), $type: type }
}
