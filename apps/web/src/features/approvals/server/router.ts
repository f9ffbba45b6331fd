import { router } from '@/server/trpc.ts'
import { listPolicies } from './list-policies.ts'
import { setPolicy } from './set-policy.ts'

export const approvalsRouter = router({ policies: listPolicies, setPolicy })
