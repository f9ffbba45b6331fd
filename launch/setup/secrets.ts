import { randomBytes } from 'node:crypto'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { codeOf, Refusal } from './failure.ts'

const schema = z.object({
  postgres: z.string().min(32),
  rolePassword: z.string().min(32),
  nextAuth: z.string().min(32),
})
/** What only this installation knows. */
export type Secrets = z.infer<typeof schema>

/** 192 bits, in letters that need no escaping in an address. */
const SECRET_BYTES = 24
const make = () => randomBytes(SECRET_BYTES).toString('hex')

/** The secrets kept in `file` (readable by its owner only), made at the first call. */
export async function loadSecrets(file: string): Promise<Secrets> {
  try {
    const secrets = schema.parse(JSON.parse(await readFile(file, 'utf8')))
    await chmod(file, 0o600)
    return secrets
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new Refusal(`${file} cannot be read or is damaged, and the database in this home opens only with what is in it. Put the file back from a copy, or start anew with: npm start -- --fresh`)
  }
  const secrets: Secrets = { postgres: make(), rolePassword: make(), nextAuth: make() }
  await writeFile(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return secrets
}
