import { router } from '@/server/trpc.ts'
import { readOverview } from './read-overview.ts'

export const overviewRouter = router({ read: readOverview })
