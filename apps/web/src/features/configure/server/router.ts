import { router } from '@/server/trpc.ts'
import { brandProvider } from './brand-provider.ts'
import { createToken } from './create-token.ts'
import { limitSite } from './limit-site.ts'
import { listDestinations } from './list-destinations.ts'
import { listSites } from './list-sites.ts'
import { readBranding } from './read-branding.ts'

export const configureRouter = router({ sites: listSites, destinations: listDestinations, limitSite, createToken, branding: readBranding, brand: brandProvider })
