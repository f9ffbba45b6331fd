import { sessionRouter } from '@/features/session/server/router.ts'
import { router } from './trpc.ts'

/** Every call the portal answers. External clients import the type alone. */
export const rootRouter = router({
  session: sessionRouter,
})
export type AppRouter = typeof rootRouter
