import { router } from '@/server/trpc.ts'
import { readAuditLog } from './read-audit-log.ts'
import { readChoices } from './read-choices.ts'

export const auditLogRouter = router({ page: readAuditLog, choices: readChoices })
