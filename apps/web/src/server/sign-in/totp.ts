import 'server-only'
import { sealText, unsealText } from '@driftless/sealing'
import { generateSecret, generateURI, verify } from 'otplib'
import { renderSVG } from 'uqr'
import { env } from '../../env.ts'

/** A phone's clock may be one step off, either way. */
const TOLERANCE_SECONDS = 30
const CODE = /^\d{6}$/

/** A new app's secret (160 bits, base32), sealed for the row `id`, and as the picture and the text that an app reads. */
export function newTotp(id: string, issuer: string, email: string) {
  const secret = generateSecret()
  const uri = generateURI({ issuer, label: email, secret })
  return { secret, sealed: sealText(env().SEALING_KEY, secret, contextOf(id)), svg: renderSVG(uri, { ecc: 'M', border: 2 }) }
}

/** The step (30 s since 1970) of which `code` is, at most one away from `now`; null: of none. */
export async function totpStep(row: { id: string; sealedSecret: string }, code: string, now: Date): Promise<number | null> {
  const digits = code.replaceAll(/\s/g, '')
  const secret = unsealText(env().SEALING_KEY, row.sealedSecret, contextOf(row.id))
  if (secret === null) throw new Error(`The secret of the authenticator app ${row.id} does not open with SEALING_KEY. Put the key back that it was sealed with.`)
  if (!CODE.test(digits)) return null
  const result = await verify({ secret, token: digits, epoch: Math.floor(now.getTime() / 1000), epochTolerance: TOLERANCE_SECONDS })
  return result.valid && 'timeStep' in result ? result.timeStep : null
}

function contextOf(id: string): string {
  return `totp ${id}`
}
