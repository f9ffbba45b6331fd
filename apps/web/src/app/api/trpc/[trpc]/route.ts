import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { MAX_BODY_BYTES } from '../../../../../front/body-limit.ts'
import { addressOf } from '@/server/address.ts'
import { currentSession } from '@/server/auth.ts'
import { rootRouter } from '@/server/root-router.ts'
import { isSameOrigin } from '@/server/same-origin.ts'
import { contextOf } from '@/server/trpc.ts'

/** What an open page asks by itself, to notice that its session has ended; such a call alone keeps none alive. */
const WATCH = '/api/trpc/session.current'
/** Calls that one page makes at once, with room. */
const MAX_BATCH = 20

async function handle(request: Request): Promise<Response> {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) return new Response(null, { status: 413 })
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: rootRouter,
    maxBatchSize: MAX_BATCH,
    createContext: async () => ({ ...contextOf(await currentSession(new URL(request.url).pathname !== WATCH)), requestId: crypto.randomUUID(), sameOrigin: isSameOrigin(request.headers), address: addressOf(request.headers) }),
  })
}

export { handle as GET, handle as POST }
