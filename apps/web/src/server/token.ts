import { randomBytes } from 'node:crypto'
import { tokenHash } from '@driftless/db'
import { z } from 'zod'

/** 256 bits: nobody guesses one, so that a plain hash keeps it. */
const TOKEN_BYTES = 32

/** A secret for one link, and its SHA-256 in hexadecimal, which alone is stored. */
export function newToken(): { token: string; hash: string } {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  return { token, hash: tokenHash(token) }
}

/** A token as links carry it. */
export const token = z.string().min(16).max(200)
