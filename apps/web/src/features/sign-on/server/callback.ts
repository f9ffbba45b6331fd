import { env } from '@/env.ts'

/** How next-auth knows a connection: part of its addresses. */
const PREFIX = 'sso-'
export const providerIdOf = (connectionId: string): string => `${PREFIX}${connectionId}`
export const connectionIdOf = (providerId: string): string | null => (providerId.startsWith(PREFIX) ? providerId.slice(PREFIX.length) : null)

/** Where an organisation's server sends people back to: what its administrator enters there. */
export const callbackUrl = (connectionId: string): string => `${env().NEXTAUTH_URL}/api/auth/callback/${providerIdOf(connectionId)}`
