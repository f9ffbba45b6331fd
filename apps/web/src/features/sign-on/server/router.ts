import { router } from '@/server/trpc.ts'
import { listSignOns } from './list-sign-ons.ts'
import { removeSignOn } from './remove-sign-on.ts'
import { saveSignOn } from './save-sign-on.ts'
import { testSignOn } from './test-sign-on.ts'

export const signOnRouter = router({ list: listSignOns, save: saveSignOn, test: testSignOn, remove: removeSignOn })
