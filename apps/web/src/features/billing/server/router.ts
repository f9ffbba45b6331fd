import { router } from '@/server/trpc.ts'
import { readBilling } from './read-billing.ts'

export const billingRouter = router({ read: readBilling })
