import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { id } from '@driftless/agent-api'
import { readState, writeState } from '../state-file.ts'

/** Who this agent is, from enrolment on. Kept in `identity.json`, readable by its owner alone: it holds the private key. */
const identity = z.object({
  agentId: id,
  role: z.enum(['SOURCE', 'TARGET']),
  keyPem: z.string(),
  certificatePem: z.string(),
  caCertificatePem: z.string(),
  /** SHA-256 of the token that was traded for it; absent in identities of before. */
  enrolledWith: z.string().optional(),
})
export type Identity = z.infer<typeof identity>

const pathOf = (dataDirectory: string): string => join(dataDirectory, 'identity.json')

/** The stored identity, or null before enrolment. */
export const readIdentity = (dataDirectory: string): Promise<Identity | null> => readState(pathOf(dataDirectory), identity)

/** Stores the identity with mode 0600. */
export async function storeIdentity(dataDirectory: string, value: Identity): Promise<void> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  await writeState(pathOf(dataDirectory), value)
}
