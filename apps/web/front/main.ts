/** The portal as a program: Next behind our own HTTP server. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDb, refuseUnboundRole } from '@driftless/db'
import next from 'next'
import { readEnv } from './env.ts'
import { frontServer } from './server.ts'

/** Answers under way end by then, or the process ends without. */
const DRAIN_MS = 5_000

const env = readEnv()
const db = openDb(env.DATABASE_URL, 1)
await refuseUnboundRole(db)
await db.$disconnect()
const app = next({ dev: false, dir: dirname(dirname(fileURLToPath(import.meta.url))), hostname: env.HOST, port: env.PORT })
await app.prepare()
const handle = app.getRequestHandler()
const server = frontServer({
  handler: (request, response) => {
    handle(request, response).catch(() => response.destroy())
  },
  https: new URL(env.NEXTAUTH_URL).protocol === 'https:',
  trustedProxies: env.TRUSTED_PROXIES,
})

function drain(): void {
  setTimeout(() => process.exit(0), DRAIN_MS).unref()
  server.close(() => process.exit(0))
  server.closeIdleConnections()
}
process.on('SIGTERM', drain)
process.on('SIGINT', drain)
if (env.EXIT_WITH_PARENT === '1') process.stdin.on('end', drain).on('error', drain).resume()

server.listen(env.PORT, env.HOST, () => process.stdout.write(`${JSON.stringify({ msg: 'ready', program: 'web', port: env.PORT })}\n`))
