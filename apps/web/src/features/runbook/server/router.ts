import { router } from '@/server/trpc.ts'
import { readRunbook } from './read-runbook.ts'

export const runbookRouter = router({ read: readRunbook })
