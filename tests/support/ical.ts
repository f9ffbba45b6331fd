/** Reads a calendar (RFC 5545) as strictly as the strictest program would: anything that is not by the book throws. */

export type Component = { readonly name: string; readonly properties: ReadonlyMap<string, readonly { readonly parameters: string; readonly value: string }[]>; readonly parts: readonly Component[] }

const LONGEST_LINE_OCTETS = 75

/** The one component that a text holds, its lines unfolded and its values unescaped. */
export function parseCalendar(text: string): Component {
  if (/(?<!\r)\n|\r(?!\n)/.test(text)) throw new Error('A line does not end with CRLF.')
  for (const line of text.split('\r\n')) if (Buffer.byteLength(line) > LONGEST_LINE_OCTETS) throw new Error(`A line has ${Buffer.byteLength(line)} octets: ${line}`)
  const lines = text.replaceAll(/\r\n[ \t]/g, '').replace(/\r\n$/, '').split('\r\n')
  const root = readComponent(lines, 0)
  if (root.next !== lines.length) throw new Error('Something follows the calendar.')
  return root.component
}

function readComponent(lines: readonly string[], from: number): { component: Component; next: number } {
  const name = /^BEGIN:(.+)$/.exec(lines[from] ?? '')?.[1]
  if (name === undefined) throw new Error(`No component begins at: ${lines[from]}`)
  const properties = new Map<string, { parameters: string; value: string }[]>()
  const parts: Component[] = []
  let at = from + 1
  for (;;) {
    const line = lines[at]
    if (line === undefined) throw new Error(`${name} does not end.`)
    if (line === `END:${name}`) return { component: { name, properties, parts }, next: at + 1 }
    if (line.startsWith('BEGIN:')) {
      const part = readComponent(lines, at)
      parts.push(part.component)
      at = part.next
      continue
    }
    const [, key, parameters = '', value = ''] = /^([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:"[^"]*"|[^";:,]*))*):(.*)$/.exec(line) ?? []
    if (key === undefined) throw new Error(`This is no property: ${line}`)
    properties.set(key, [...(properties.get(key) ?? []), { parameters, value: value.replaceAll(/\\([\\;,nN])/g, (_whole, sign: string) => (sign.toLowerCase() === 'n' ? '\n' : sign)) }])
    at += 1
  }
}

/** The one value of a property; throws when there is none, or more. */
export function valueOf(component: Component, key: string): string {
  const [first, ...rest] = component.properties.get(key) ?? []
  if (first === undefined || rest.length > 0) throw new Error(`${component.name} has ${rest.length + (first ? 1 : 0)} of ${key}.`)
  return first.value
}

/** A time that says that it is UTC, as an instant. */
export function instantOf(component: Component, key: string): Date {
  const [, date, time] = /^(\d{8})T(\d{6})Z$/.exec(valueOf(component, key)) ?? []
  if (date === undefined || time === undefined) throw new Error(`${key} is no time in UTC: ${valueOf(component, key)}`)
  return new Date(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`)
}
