import { router } from '@/server/trpc.ts'
import { endEstimate } from './end-estimate.ts'
import { listEstimates } from './list-estimates.ts'
import { listVms } from './list-vms.ts'
import { readEstimate } from './read-estimate.ts'
import { startEstimate } from './start-estimate.ts'

export const estimateRouter = router({ list: listEstimates, read: readEstimate, listVms, start: startEstimate, end: endEstimate })
