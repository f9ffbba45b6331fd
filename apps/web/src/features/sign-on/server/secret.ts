import 'server-only'
import { sealText, unsealText } from '@driftless/sealing'
import { env } from '@/env.ts'

const context = (connectionId: string) => `oidc-client-secret ${connectionId}`

/** A client secret as its row keeps it. */
export const sealClientSecret = (connectionId: string, secret: string): string => sealText(env().SEALING_KEY, secret, context(connectionId))

/** The client secret of a row; null where it was sealed with another key, or for another connection. */
export const unsealClientSecret = (connectionId: string, sealed: string): string | null => unsealText(env().SEALING_KEY, sealed, context(connectionId))
