import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { codeOf, Refusal } from './failure.ts'

/** 192 bits, in letters that need no escaping in an address. */
const SECRET_BYTES = 24
const secret = () => randomBytes(SECRET_BYTES).toString('hex')

/** AES-256's. */
const SEALING_BYTES = 32
const sealingKey = () => randomBytes(SEALING_BYTES).toString('base64')

/** An Ed25519 key pair: PKCS#8 and SPKI in DER, base64, so that each fits one line of an environment. */
const signer = z.object({ privateKey: z.base64(), publicKey: z.base64() })
const signingKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'der' }, publicKeyEncoding: { type: 'spki', format: 'der' } })
  return { privateKey: privateKey.toString('base64'), publicKey: publicKey.toString('base64') }
}

/** Each with how it is made: a home of an earlier version lacks the later ones. */
const schema = z.object({
  postgres: z.string().min(32).default(secret),
  rolePassword: z.string().min(32).default(secret),
  nextAuth: z.string().min(32).default(secret),
  /** Seals the secrets that portal and coordinator share in the database. */
  sealing: z.base64().default(sealingKey),
  /** Seals what is the gateway's alone, and makes the streams' keys. */
  gateway: z.base64().default(sealingKey),
  /** Signs the orders that agents obey; the private half is the portal's alone. */
  orders: signer.default(signingKey),
  /** Signs the heads of the audit log; the private half is the coordinator's alone. */
  auditLog: signer.default(signingKey),
})
/** What only this installation knows. */
export type Secrets = z.infer<typeof schema>

/** The secrets kept in `file` (readable by its owner only), made at the first call; those that a later version needs are added. */
export async function loadSecrets(file: string): Promise<Secrets> {
  const kept = await readKept(file)
  const secrets = schema.parse(kept ?? {})
  if (kept !== null && Object.keys(schema.shape).every((name) => name in kept)) {
    await chmod(file, 0o600)
    return secrets
  }
  await writeFile(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return secrets
}

/** What a file of any version must hold: without these its database does not open. */
const kept = schema.partial().required({ postgres: true, rolePassword: true, nextAuth: true })

async function readKept(file: string): Promise<z.infer<typeof kept> | null> {
  try {
    return kept.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new Refusal(`${file} cannot be read or is damaged, and the database in this home opens only with what is in it. Put the file back from a copy, or start anew with: npm start -- --fresh`)
  }
}
