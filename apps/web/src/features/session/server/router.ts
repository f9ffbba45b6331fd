import { router } from '@/server/trpc.ts'
import { changeLocale } from './change-locale.ts'

export const sessionRouter = router({ changeLocale })
