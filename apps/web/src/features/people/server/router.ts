import { router } from '@/server/trpc.ts'
import { changeRole } from './change-role.ts'
import { invitePerson } from './invite-person.ts'
import { listPeople } from './list-people.ts'
import { makeResetLink } from './make-reset-link.ts'
import { readPolicies } from './read-policies.ts'
import { renewInvitation } from './renew-invitation.ts'
import { resetFactors } from './reset-factors.ts'
import { setActive } from './set-active.ts'
import { setPolicy } from './set-policy.ts'
import { signOutPerson } from './sign-out-person.ts'
import { withdrawInvitation } from './withdraw-invitation.ts'

export const peopleRouter = router({ list: listPeople, invite: invitePerson, renewInvitation, withdrawInvitation, changeRole, setActive, signOut: signOutPerson, makeResetLink, resetFactors, policies: readPolicies, setPolicy })
