import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { z } from 'zod'

const CIPHER = 'aes-256-gcm'
export const KEY_BYTES = 32
/** What AES-GCM is made for; random, since a key seals a few values in its life. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

const bytes = (length: number) => z.base64().refine((text) => Buffer.from(text, 'base64').length === length, `is not ${length} bytes`)

/** A secret that can be kept in a file: without the key nobody reads it, nor changes it unnoticed. */
export const sealed = z.object({ nonce: bytes(NONCE_BYTES), text: z.base64(), tag: bytes(TAG_BYTES) })
export type Sealed = z.infer<typeof sealed>

/** Seals a secret together with `context`, which stays readable and has to be the same when it is opened. */
export function seal(key: Buffer, secret: string, context: string): Sealed {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(context))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return { nonce: nonce.toString('base64'), text: text.toString('base64'), tag: cipher.getAuthTag().toString('base64') }
}

/** The secret; null where key or context are others than it was sealed with, or anything of it was changed. */
export function unseal(key: Buffer, { nonce, text, tag }: Sealed, context: string): string | null {
  const decipher = createDecipheriv(CIPHER, key, Buffer.from(nonce, 'base64'), { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context)).setAuthTag(Buffer.from(tag, 'base64'))
  const opened = decipher.update(text, 'base64')
  try {
    return Buffer.concat([opened, decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}
