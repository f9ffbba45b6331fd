import { open } from 'node:fs/promises'
import { codeOf, messageOf, Refusal } from '../setup/failure.ts'

/** A text file line by line, in memory that does not grow with it. Throws a Refusal when it cannot be read. */
export async function* readLines(path: string): AsyncGenerator<string> {
  const file = await open(path).catch((error: unknown) => {
    throw new Refusal(codeOf(error) === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read: ${messageOf(error)}`)
  })
  try {
    if (!(await file.stat()).isFile()) throw new Refusal(`${path} is no file.`)
    for await (const line of file.readLines({ encoding: 'utf8', autoClose: false })) yield line
  } finally {
    await file.close()
  }
}
