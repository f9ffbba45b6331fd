/** A real OpenID Connect server (oidc-provider) in this process, on a free port of this machine. */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { Provider } from 'oidc-provider'

/** What it says of whoever signs in under a name; `sub` is the name where it is left out. */
export type OidcAccount = { sub?: string; email?: string; email_verified?: boolean; name?: string }

export type OidcServer = Awaited<ReturnType<typeof startOidcServer>>

/**
 * Starts it with one client. Anybody signs in under any name of `accounts` with any password, on the library's own page; consent
 * is taken as given. `claimsInToken`: the ID token carries the address; else it is told by the userinfo endpoint alone.
 */
export async function startOidcServer(client: { id: string; secret: string; redirectUri: string }, accounts: Record<string, OidcAccount>, claimsInToken = false) {
  const server = createServer()
  await listen(server)
  const issuer = `http://localhost:${portOf(server)}`
  const provider = new Provider(issuer, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [client.redirectUri] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: !claimsInToken,
    cookies: { keys: ['of a test only'] },
    findAccount: (_context, login) => {
      const account = accounts[login]
      return account && { accountId: login, claims: () => ({ ...account, sub: account.sub ?? login }) }
    },
    loadExistingGrant: async (context) => {
      const { client: asking, session } = context.oidc
      if (!asking || session?.accountId === undefined) return undefined
      const grant = new context.oidc.provider.Grant({ clientId: asking.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    pkce: { required: () => true },
  })
  provider.on('server_error', (_context, error) => console.error(error))
  const answer = provider.callback()
  server.on('request', (request, response) => void answer(request, response))
  return { issuer, close: () => close(server) }
}

/** A server on a free port that answers with `respond`; for what no honest server says. */
export async function startJsonServer(respond: (path: string, self: string) => { status?: number; headers?: Record<string, string>; body: string }) {
  const server = createServer((request, response) => {
    const { status = 200, headers = {}, body } = respond(request.url ?? '/', `http://localhost:${portOf(server)}`)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
  })
  await listen(server)
  return { url: `http://localhost:${portOf(server)}`, close: () => close(server) }
}

const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return address.port
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
