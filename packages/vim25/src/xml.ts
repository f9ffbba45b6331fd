import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { VimError, messageOf } from './errors.ts'

/** Property values nest some 20 deep; what is deeper is meant to hurt a recursive reader. */
export const MAX_DEPTH = 100

/** An element without its prefix. */
export interface XmlElement {
  readonly name: string
  /** What `xsi:type` says, without its prefix. */
  readonly xsiType: string | null
  /** The attribute `type` without any prefix, which a reference has: another thing altogether. */
  readonly type: string | null
  readonly children: readonly XmlElement[]
  readonly text: string
}

const TEXT = '#text'
const CDATA = '#cdata'
const ATTRIBUTES = ':@'

/** Order, prefixes and entities are left alone: the library would strip prefixes off attributes too, and counts entities. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  textNodeName: TEXT,
  cdataPropName: CDATA,
})

const refused = (why: string, options?: ErrorOptions) => new VimError('PROTOCOL', `The server's answer is no XML that is understood: ${why}. Check that the address is that of a vCenter or an ESXi host.`, options)

/**
 * Reads a document. Throws `VimError` PROTOCOL for anything that is not well-formed (a document that was cut off
 * must not pass for a short list), that nests too deep, or that brings definitions of its own.
 */
export function parseXml(text: string): XmlElement {
  // SOAP forbids document types, and what they can do to a reader.
  if (text.includes('<!DOCTYPE')) throw refused('it brings a document type')
  const nodes = parseNodes(text)
  const roots = nodes.flatMap((node) => elementOf(node, 0) ?? [])
  const [root] = roots
  if (root === undefined || roots.length > 1) throw refused(`it has ${roots.length} roots`)
  return root
}

function parseNodes(text: string): readonly unknown[] {
  try {
    const valid = XMLValidator.validate(text)
    if (valid !== true) throw new Error(`${valid.err.msg} (line ${valid.err.line})`)
    const parsed: unknown = parser.parse(text)
    return isList(parsed) ? parsed : []
  } catch (error) {
    throw refused(messageOf(error).slice(0, 200), { cause: error })
  }
}

/** The element that a node is; null for text. */
function elementOf(node: unknown, depth: number): XmlElement | null {
  if (depth > MAX_DEPTH) throw refused(`it nests deeper than ${MAX_DEPTH}`)
  if (!isRecord(node)) throw refused('a node is missing')
  const tag = Object.keys(node).find((key) => key !== ATTRIBUTES)
  if (tag === undefined || tag === TEXT || tag === CDATA) return null
  const content = node[tag]
  if (!isList(content)) throw refused(`<${tag.slice(0, 40)}> has no content`)
  const children = content.flatMap((child) => elementOf(child, depth + 1) ?? [])
  return { name: localName(tag), ...typesOf(node[ATTRIBUTES]), children, text: children.length > 0 ? '' : textOf(content) }
}

function typesOf(attributes: unknown): Pick<XmlElement, 'type' | 'xsiType'> {
  let type: string | null = null
  let xsiType: string | null = null
  for (const [name, value] of Object.entries(isRecord(attributes) ? attributes : {})) {
    if (typeof value !== 'string' || name.startsWith('xmlns')) continue
    // Every writer has its own prefix for XMLSchema-instance; a reference's `type` never has one.
    if (name === 'type') type = unescapeXml(value)
    else if (localName(name) === 'type') xsiType = localName(unescapeXml(value))
  }
  return { type, xsiType }
}

function textOf(content: readonly unknown[]): string {
  let text = ''
  for (const node of content) {
    if (!isRecord(node)) continue
    const plain = node[TEXT]
    const raw = node[CDATA]
    if (typeof plain === 'string') text += unescapeXml(plain)
    else if (isList(raw)) for (const part of raw) text += isRecord(part) && typeof part[TEXT] === 'string' ? part[TEXT] : ''
  }
  return text
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const LAST_CODE_POINT = 0x10ffff

/** The five entities of XML and numbers; there are no others without a document type. */
function unescapeXml(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) {
      const known = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined
      if (known === undefined) throw refused(`${whole.slice(0, 40)} is not defined`)
      return known
    }
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    if (point > LAST_CODE_POINT) throw refused(`${whole} is no character`)
    return String.fromCodePoint(point)
  })
}

/** Characters that XML 1.0 cannot hold, however they are written. */
// oxlint-disable-next-line no-control-regex
const IMPOSSIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' }

/** A text for an element or an attribute in double quotes; null where XML cannot hold it. */
export function escapeXml(text: string): string | null {
  return IMPOSSIBLE.test(text) ? null : text.replaceAll(/[&<>"\r]/g, (character) => ESCAPES[character] ?? character)
}

const localName = (name: string): string => name.slice(name.lastIndexOf(':') + 1)

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)
