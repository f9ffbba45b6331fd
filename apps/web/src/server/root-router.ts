import { accountRouter } from '@/features/account/server/router.ts'
import { signInRouter } from '@/features/sign-in/server/router.ts'
import { sessionRouter } from '@/features/session/server/router.ts'
import { accessRouter } from '@/features/access/server/router.ts'
import { approvalsRouter } from '@/features/approvals/server/router.ts'
import { auditLogRouter } from '@/features/audit-log/server/router.ts'
import { billingRouter } from '@/features/billing/server/router.ts'
import { configureRouter } from '@/features/configure/server/router.ts'
import { estimateRouter } from '@/features/estimate/server/router.ts'
import { inboxRouter } from '@/features/inbox/server/router.ts'
import { migrateRouter } from '@/features/migrate/server/router.ts'
import { overviewRouter } from '@/features/overview/server/router.ts'
import { peopleRouter } from '@/features/people/server/router.ts'
import { sharingRouter } from '@/features/sharing/server/router.ts'
import { signOnRouter } from '@/features/sign-on/server/router.ts'
import { statisticsRouter } from '@/features/statistics/server/router.ts'
import { shipmentsRouter } from '@/features/shipments/server/router.ts'
import { validationRouter } from '@/features/validation/server/router.ts'
import { runbookRouter } from '@/features/runbook/server/router.ts'
import { waveRouter } from '@/features/wave/server/router.ts'
import { webhooksRouter } from '@/features/webhooks/server/router.ts'
import { windowsRouter } from '@/features/windows/server/router.ts'
import { router } from './trpc.ts'

/** Every call the portal answers. External clients import the type alone. */
export const rootRouter = router({
  signIn: signInRouter,
  session: sessionRouter,
  access: accessRouter,
  account: accountRouter,
  approvals: approvalsRouter,
  auditLog: auditLogRouter,
  billing: billingRouter,
  configure: configureRouter,
  estimate: estimateRouter,
  inbox: inboxRouter,
  overview: overviewRouter,
  migrate: migrateRouter,
  validation: validationRouter,
  runbook: runbookRouter,
  wave: waveRouter,
  people: peopleRouter,
  sharing: sharingRouter,
  shipments: shipmentsRouter,
  signOn: signOnRouter,
  statistics: statisticsRouter,
  webhooks: webhooksRouter,
  windows: windowsRouter,
})
export type AppRouter = typeof rootRouter
