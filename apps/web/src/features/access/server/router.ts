import { router } from '@/server/trpc.ts'
import { acceptInvitation } from './accept-invitation.ts'
import { findSignOn } from './find-sign-on.ts'
import { forgotPassword } from './forgot-password.ts'
import { readInvitation } from './read-invitation.ts'
import { resetPassword } from './reset-password.ts'

/** What leads in, for whoever is not signed in yet. */
export const accessRouter = router({ invitation: readInvitation, acceptInvitation, forgotPassword, resetPassword, findSignOn })
