import { router } from '@/server/trpc.ts'
import { readInbox } from './read-inbox.ts'

export const inboxRouter = router({ read: readInbox })
