import { router } from '@/server/trpc.ts'
import { endEstimate } from './end-estimate.ts'
import { listEstimates } from './list-estimates.ts'
import { listVms } from './list-vms.ts'
import { readErrors } from './read-errors.ts'
import { readEstimate } from './read-estimate.ts'
import { readNarrowing } from './read-narrowing.ts'
import { startEstimate } from './start-estimate.ts'

export const estimateRouter = router({ list: listEstimates, read: readEstimate, narrowing: readNarrowing, errors: readErrors, listVms, start: startEstimate, end: endEstimate })
