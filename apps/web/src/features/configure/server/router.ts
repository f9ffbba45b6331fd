import { router } from '@/server/trpc.ts'
import { brandProvider } from './brand-provider.ts'
import { checkCalendar } from './check-calendar.ts'
import { createToken } from './create-token.ts'
import { enrolAgain } from './enrol-again.ts'
import { limitSite } from './limit-site.ts'
import { listCalendars } from './list-calendars.ts'
import { listDestinations } from './list-destinations.ts'
import { listSites } from './list-sites.ts'
import { readBranding } from './read-branding.ts'
import { revokeAgent } from './revoke-agent.ts'
import { saveCalendar } from './save-calendar.ts'

export const configureRouter = router({ sites: listSites, destinations: listDestinations, limitSite, createToken, enrolAgain, revokeAgent, branding: readBranding, brand: brandProvider, calendars: listCalendars, checkCalendar, saveCalendar })
