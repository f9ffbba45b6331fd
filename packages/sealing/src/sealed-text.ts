import { seal, sealed, unseal } from './sealed.ts'

/** What a sealed text begins with; another way of sealing gets another. */
const VERSION = 'v1'

/** A secret as one text, `v1.nonce.text.tag`, for a column of a database. `context` binds it to its row: a copy elsewhere does not open. */
export function sealText(key: Buffer, secret: string, context: string): string {
  const { nonce, text, tag } = seal(key, secret, context)
  return [VERSION, nonce, text, tag].join('.')
}

/** The secret of `sealText`; null where key or context are others, or anything of it was changed. */
export function unsealText(key: Buffer, stored: string, context: string): string | null {
  const [version, nonce, text, tag, ...more] = stored.split('.')
  const parsed = sealed.safeParse({ nonce, text, tag })
  return version === VERSION && more.length === 0 && parsed.success ? unseal(key, parsed.data, context) : null
}
