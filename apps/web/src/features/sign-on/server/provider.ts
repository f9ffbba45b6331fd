import 'server-only'
import { readSignOn } from '@driftless/db'
import type { SignOn } from '@driftless/db'
import type { OAuthConfig } from 'next-auth/providers/oauth'
import { z } from 'zod'
import { db } from '@/server/db.ts'
import { connectionIdOf, providerIdOf } from './callback.ts'
import { discovered } from './discover.ts'
import { letIn } from './let-in.ts'
import { unsealClientSecret } from './secret.ts'

const object = z.record(z.string(), z.unknown())

/** Of every call to the organisation's server during a sign-in. */
const TIMEOUT_MS = 5_000

/** The connection that a path below /api/auth is about; null where it is about none, or there is no such one. */
export async function connectionOfPath(path: readonly string[]): Promise<SignOn | null> {
  const [action, providerId] = path
  const id = action === 'signin' || action === 'callback' ? connectionIdOf(providerId ?? '') : null
  return id === null || id.length > 200 ? null : readSignOn(db(), id)
}

/**
 * One organisation's server as next-auth's provider: authorization code with PKCE, state and nonce, each bound to this connection
 * by next-auth's cookies, so that an answer to another connection's question is refused. Throws where the server does not answer.
 */
export async function signOnProvider(signOn: SignOn, address: string | null): Promise<OAuthConfig<unknown>> {
  const endpoints = await discovered(signOn.issuer)
  const secret = unsealClientSecret(signOn.id, signOn.clientSecretSealed)
  if (secret === null) throw new Error(`The client secret of ${signOn.id} does not open with this installation's key.`)
  return {
    id: providerIdOf(signOn.id),
    name: signOn.id,
    type: 'oauth',
    issuer: signOn.issuer,
    authorization: { url: endpoints.authorization, params: { scope: 'openid email profile' } },
    token: endpoints.token,
    jwks_endpoint: endpoints.jwks,
    userinfo: {
      ...(endpoints.userinfo === null ? {} : { url: endpoints.userinfo }),
      request: async ({ tokens, client }) => {
        const claims = object.parse(typeof tokens['claims'] === 'function' ? tokens['claims']() : null)
        if (claims['email'] !== undefined || endpoints.userinfo === null) return claims
        // Who it is says the signed token; servers that leave the address out of it tell it when asked, about the same subject only.
        const told = object.parse(await client.userinfo(tokens.access_token ?? ''))
        if (told['sub'] !== claims['sub']) throw new Error('The server told about somebody else than it had signed for.')
        return { ...told, ...claims }
      },
    },
    idToken: true,
    checks: ['pkce', 'state', 'nonce'],
    clientId: signOn.clientId,
    clientSecret: secret,
    client: { token_endpoint_auth_method: endpoints.postsSecret ? 'client_secret_post' : 'client_secret_basic' },
    httpOptions: { timeout: TIMEOUT_MS },
    profile: (claims) => letIn(signOn, claims, address),
  }
}
