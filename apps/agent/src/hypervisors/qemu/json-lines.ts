/** What a stream of JSON, one value a line, is made of; for QMP, the guest agent and the guest's reports. */

/** Called with each whole line, without its end. An overlong line throws: the other side is not what we think. */
export function lineSplitter(maxLineBytes: number, onLine: (line: string) => void): (chunk: Buffer) => void {
  let held: Buffer[] = []
  let heldBytes = 0
  return (chunk) => {
    let rest = chunk
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      const line = Buffer.concat([...held, rest.subarray(0, end)]).toString('utf8').trim()
      held = []
      heldBytes = 0
      rest = rest.subarray(end + 1)
      if (line !== '') onLine(line)
    }
    if (rest.length === 0) return
    heldBytes += rest.length
    if (heldBytes > maxLineBytes) throw new Error(`a line of more than ${maxLineBytes} bytes`)
    // A copy: the socket may use its buffer again.
    held.push(Buffer.from(rest))
  }
}

/** The value, or undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
