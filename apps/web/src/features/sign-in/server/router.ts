import { router } from '@/server/trpc.ts'
import { begin } from './begin.ts'
import { passkey } from './passkey.ts'

export const signInRouter = router({ begin, passkey })
