import { USER_ROLES } from '@driftless/domain'
import { z } from 'zod'

/** Longer lists are no organisation's. */
const MOST_DOMAINS = 20
const domain = z.string().trim().toLowerCase().max(253).regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/)

/** Whose sign-on: a customer's, or (null) the provider's own staff's. */
export const organisation = z.object({ tenantId: z.string().min(1).max(120).nullable() })

/** An organisation's sign-on as its form sends it. `clientSecret` left out: the one that is there stays. */
export const settings = organisation.extend({
  issuer: z.url({ protocol: /^https?$/ }).max(500), clientId: z.string().trim().min(1).max(300), clientSecret: z.string().min(1).max(500).optional(),
  domains: z.array(domain).min(1).max(MOST_DOMAINS).transform((all) => [...new Set(all)].sort()), defaultRole: z.enum(USER_ROLES).nullable(), enforced: z.boolean(),
})
