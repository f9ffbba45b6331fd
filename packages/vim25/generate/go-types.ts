/** Reads govmomi's types, which are generated from vSphere's own WSDL: one Go struct a type, one field a line. */

/** One struct: its base, and `name type`, with `[]` for many and `?` for what may be left out. */
export interface GoStruct {
  readonly base: string
  readonly fields: readonly { readonly name: string; readonly type: string; readonly suffix: string }[]
}

export interface GoTypes {
  /** A struct by its name; undefined for what is none. Throws where one holds what has no place in our table. */
  readonly struct: (name: string) => GoStruct | undefined
  /** What a method's name stands for: the struct of its arguments. */
  readonly aliases: ReadonlyMap<string, string>
}

const STRUCT = /^type (\w+) struct \{\n([^]*?)^\}/gm
const ALIAS = /^type (\w+) (\w+)$/gm
const FIELD = /^\t(\w+)\s+(\S+)\s+`xml:"([^",]*)([^"]*)"/
const EMBEDDED = /^\t([A-Z]\w*)$/
const BASE_INTERFACE = /^type Base(\w+) interface/gm

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 'string', bool: 'boolean', int8: 'byte', byte: 'byte', int16: 'short', int32: 'int', int64: 'long',
  float32: 'float', float64: 'double', 'time.Time': 'dateTime', AnyType: 'anyType', 'url.URL': 'anyURI', '[]byte': 'base64Binary',
}

/** Parses the package's files, taken together. */
export function parseGoTypes(source: string): GoTypes {
  const bodies = new Map([...source.matchAll(STRUCT)].map(([, name = '', body = '']) => [name, body]))
  const bases = new Set([...source.matchAll(BASE_INTERFACE)].map(([, name = '']) => name))
  const plain = new Map([...source.matchAll(ALIAS)].map(([, name = '', of = '']) => [name, of]))
  const typeOf = (go: string): string => {
    const primitive = PRIMITIVES[go]
    if (primitive !== undefined) return primitive
    // An enumeration is a string whose values may grow: it is read as one.
    if (plain.get(go) === 'string') return 'string'
    const name = go.startsWith('Base') && bases.has(go.slice('Base'.length)) ? go.slice('Base'.length) : go
    if (!bodies.has(name)) throw new Error(`${go} is neither a struct nor an enumeration of govmomi's types.`)
    return name
  }
  return {
    struct: (name) => {
      const body = bodies.get(name)
      return body === undefined ? undefined : parseStruct(body, typeOf)
    },
    aliases: new Map([...plain].filter(([, of]) => bodies.has(of))),
  }
}

function parseStruct(body: string, typeOf: (go: string) => string): GoStruct {
  let base = ''
  const fields: { name: string; type: string; suffix: string }[] = []
  for (const line of body.split('\n')) {
    base ||= EMBEDDED.exec(line)?.[1] ?? ''
    const [, , go, name, options = ''] = FIELD.exec(line) ?? []
    if (go === undefined || name === undefined || name === '_this') continue
    const array = go.startsWith('[]')
    // A pointer where zero and absent differ, `omitempty` everywhere else.
    const optional = options.includes('omitempty') || go.startsWith('*')
    fields.push({ name, type: typeOf(go.replace(/^(\[\]|\*)/, '')), suffix: `${array ? '[]' : ''}${optional ? '?' : ''}` })
  }
  return { base: base === 'DynamicData' ? '' : base, fields }
}
