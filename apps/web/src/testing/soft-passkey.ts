import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'
import { isoCBOR } from '@simplewebauthn/server/helpers'
import { z } from 'zod'

const FLAGS = { present: 0x01, verified: 0x04, attested: 0x40 }
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest()
const b64 = (data: Buffer | string) => Buffer.from(data).toString('base64url')

/** An authenticator in software: one discoverable ES256 key for one host, that says what a test has it say. */
export function softPasskey(rpId: string, origin: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const id = randomBytes(32)
  let counter = 0
  const { x, y } = z.object({ x: z.string(), y: z.string() }).parse(publicKey.export({ format: 'jwk' }))
  const cose = Buffer.from(isoCBOR.encode(new Map<number, number | Uint8Array>([[1, 2], [3, -7], [-1, 1], [-2, Buffer.from(x, 'base64url')], [-3, Buffer.from(y, 'base64url')]])))
  const data = (flags: number, extra: Buffer) => {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count, extra])
  }
  const client = (type: string, challenge: string, from: string) => JSON.stringify({ type, challenge, origin: from, crossOrigin: false })
  const common = { id: b64(id), rawId: b64(id), type: 'public-key', clientExtensionResults: {} } as const
  return {
    id: b64(id),
    /** Answers `navigator.credentials.create`. */
    create(challenge: string) {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(id.length)
      const authData = data(FLAGS.present | FLAGS.verified | FLAGS.attested, Buffer.concat([Buffer.alloc(16), length, id, cose]))
      const attestationObject = Buffer.from(isoCBOR.encode(new Map<string, string | Uint8Array | Map<string, string>>([['fmt', 'none'], ['attStmt', new Map<string, string>()], ['authData', new Uint8Array(authData)]])))
      return { ...common, response: { clientDataJSON: b64(client('webauthn.create', challenge, origin)), attestationObject: b64(attestationObject), transports: ['internal', 'telepathy'] } }
    },
    /** Answers `navigator.credentials.get`; `verified` false: without a PIN; `from`: as another site would; `counter`: what it says instead of one more. */
    sign(challenge: string, { verified = true, from = origin, count = counter + 1 }: { verified?: boolean; from?: string; count?: number } = {}) {
      counter = count
      const authenticatorData = data(FLAGS.present | (verified ? FLAGS.verified : 0), Buffer.alloc(0))
      const clientDataJSON = client('webauthn.get', challenge, from)
      const signature = createSign('SHA256').update(Buffer.concat([authenticatorData, sha256(clientDataJSON)])).sign(privateKey)
      return { ...common, response: { clientDataJSON: b64(clientDataJSON), authenticatorData: b64(authenticatorData), signature: b64(signature), userHandle: b64('whoever') } }
    },
  }
}
