import { organisationName, saveSignOn as save, signOnIdOf } from '@driftless/db'
import { providerProcedure } from '@/server/trpc.ts'
import { discover } from './discover.ts'
import { sealClientSecret } from './secret.ts'
import { settings } from './settings.ts'

/** Connects an organisation's server, once it has answered: one that does not would lock people out. DISCOVERY_FAILED and as the transition. */
export const saveSignOn = providerProcedure('manage-people')
  .input(settings)
  .mutation(async ({ ctx, input }) => {
    const { tenantId, clientSecret, ...rest } = input
    const { providerId } = ctx.person
    // Whose it is not learns nothing by what a server answers.
    await ctx.inScope((tx) => organisationName(tx, providerId, tenantId))
    // The server's own writing of its name: tokens carry that one.
    const { issuer } = await discover(input.issuer)
    const clientSecretSealed = clientSecret === undefined ? null : sealClientSecret(signOnIdOf(providerId, tenantId), clientSecret)
    await ctx.inScope((tx) => save(tx, providerId, tenantId, { ...rest, issuer, clientSecretSealed }, new Date()))
  })
