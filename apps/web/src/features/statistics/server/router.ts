import { router } from '@/server/trpc.ts'
import { listChoices } from './list-choices.ts'
import { readStatistics } from './read-statistics.ts'

export const statisticsRouter = router({ choices: listChoices, read: readStatistics })
