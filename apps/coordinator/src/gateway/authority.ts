import { findAuthority, keepFirstAuthority, sealAuthority } from '@driftless/db'
import type { Db } from '@driftless/db'
import { sealText, unsealText } from '@driftless/sealing'
import { asCoordinator } from '../context.ts'
import { loadAuthority, makeAuthority } from './certificates.ts'
import type { Authority } from './certificates.ts'

const GATEWAY_AUTHORITY = 'gateway'
const CONTEXT = `certificate_authority/${GATEWAY_AUTHORITY}/private_key`

/** As coordinators of before stored it: in the clear. */
const isPlain = (stored: string): boolean => stored.startsWith('-----BEGIN')

/**
 * The gateway's certificate authority, made by the first coordinator that ever starts. Its certificate is in the database; its
 * private key too, but sealed with `gatewayKey`, which is not. Throws when that is another key than the one it was sealed with.
 */
export function openAuthority(db: Db, gatewayKey: Buffer): Promise<Authority> {
  return asCoordinator(db, async (tx) => {
    const stored = (await findAuthority(tx, GATEWAY_AUTHORITY)) ?? (await keepFirstAuthority(tx, await newAuthority(gatewayKey)))
    if (isPlain(stored.privateKeyPem)) {
      await sealAuthority(tx, GATEWAY_AUTHORITY, stored.privateKeyPem, sealText(gatewayKey, stored.privateKeyPem, CONTEXT))
      return loadAuthority(stored)
    }
    const privateKeyPem = unsealText(gatewayKey, stored.privateKeyPem, CONTEXT)
    if (privateKeyPem === null) throw new Error('GATEWAY_KEY does not open the certificate authority in the database. Start the coordinator with the key that this database was used with before; without it every agent must be enrolled again with another authority.')
    return loadAuthority({ ...stored, privateKeyPem })
  })
}

async function newAuthority(gatewayKey: Buffer) {
  const made = await makeAuthority(new Date())
  return { id: GATEWAY_AUTHORITY, ...made, privateKeyPem: sealText(gatewayKey, made.privateKeyPem, CONTEXT) }
}
