import { router } from '@/server/trpc.ts'
import { changeLocale } from './change-locale.ts'
import { current } from './current.ts'

export const sessionRouter = router({ changeLocale, current })
