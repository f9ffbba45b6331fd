import { listSiteCalendars } from '@driftless/db'
import { memberProcedure } from '@/server/trpc.ts'

/** The target sites that the person's windows can be at, with the site's own time zone (null: it publishes none). */
export const listTargetSites = memberProcedure().query(({ ctx }) =>
  ctx.inScope(async (tx) => (await listSiteCalendars(tx)).map(({ siteId, siteName, calendar }) => ({ id: siteId, name: siteName, zone: calendar?.zone ?? null }))))
