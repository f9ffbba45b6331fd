import { router } from '@/server/trpc.ts'
import { accept } from './accept.ts'
import { returnVm } from './return-vm.ts'

export const validationRouter = router({ accept, returnVm })
