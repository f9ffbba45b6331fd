import { router } from '@/server/trpc.ts'
import { addPasskey } from './add-passkey.ts'
import { changePassword } from './change-password.ts'
import { confirm } from './confirm.ts'
import { confirmTotp } from './confirm-totp.ts'
import { chooseNotices, endFeed, makeFeed, notices } from './notices.ts'
import { passkeyRequest } from './passkey-request.ts'
import { read } from './read.ts'
import { removePasskey } from './remove-passkey.ts'
import { removeTotp } from './remove-totp.ts'
import { renamePasskey } from './rename-passkey.ts'
import { renewRecoveryCodes } from './renew-recovery-codes.ts'
import { revokeOthers } from './revoke-others.ts'
import { revokeSession } from './revoke-session.ts'
import { sessions } from './sessions.ts'
import { startPasskey } from './start-passkey.ts'
import { startTotp } from './start-totp.ts'

export const accountRouter = router({
  read, confirm, passkeyRequest, startTotp, confirmTotp, removeTotp, startPasskey, addPasskey, renamePasskey, removePasskey,
  renewRecoveryCodes, changePassword, sessions, revokeSession, revokeOthers,
  notices, chooseNotices, makeFeed, endFeed,
})
