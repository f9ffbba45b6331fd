import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'

/** 256 bits: nobody guesses one, so that a plain hash keeps it. */
const TOKEN_BYTES = 32

/** A secret for one link, and its SHA-256 in hexadecimal, which alone is stored. */
export function newToken(): { token: string; hash: string } {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  return { token, hash: hashOf(token) }
}

/** The stored form of a token that somebody brought. */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/** A token as links carry it. */
export const token = z.string().min(16).max(200)
