import { connectVim, isFault } from '@driftless/vim25'
import type { Vim } from '@driftless/vim25'
import type { VsphereAccess } from '../connection/vcenter.ts'
import { Refusal } from './refusal.ts'

/** Logs in. A refusal is said as what it is; it is not tried a second time, so that no account is locked. */
export async function logIn(access: VsphereAccess): Promise<Vim> {
  try {
    return await connectVim(access)
  } catch (error) {
    if (isFault(error, 'InvalidLogin')) throw new Refusal(`${access.address} refuses the name or the password of ${access.username}. Check both, and that the account is not locked.`)
    if (isFault(error, 'NoPermission')) throw new Refusal(`${access.address} knows ${access.username}, but gives it no access. Give the account a role in vCenter.`)
    throw error
  }
}
