import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { codeOf, messageOf, Refusal } from '../setup/failure.ts'

/** A text file line by line, in memory that does not grow with it. Throws a Refusal when it cannot be read. */
export async function* readLines(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, 'utf8')
  // Read by iteration alone: what the stream says before that is not lost.
  const failed = new Promise<never>((_, reject) => stream.once('error', reject))
  failed.catch(() => {})
  const lines = createInterface({ input: stream, crlfDelay: Infinity })[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await Promise.race([lines.next(), failed])
      if (next.done === true) {
        if (stream.errored !== null) throw stream.errored
        return
      }
      yield next.value
    }
  } catch (error) {
    throw new Refusal(codeOf(error) === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read: ${messageOf(error)}`)
  } finally {
    stream.destroy()
  }
}
