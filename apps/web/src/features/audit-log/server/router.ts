import { router } from '@/server/trpc.ts'
import { listChains } from './list-chains.ts'
import { readAuditLog } from './read-audit-log.ts'
import { readChoices } from './read-choices.ts'

export const auditLogRouter = router({ page: readAuditLog, choices: readChoices, chains: listChains })
