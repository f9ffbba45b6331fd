import { generate } from 'otplib'
import { openPortal, PEOPLE } from './portal.ts'
import { browserAt, serveNextAuth, TEST_ADDRESS } from './next-auth.ts'
import { softPasskey } from './soft-passkey.ts'

/** Olivia's, an operator of the customer Alpine; everybody has this password. */
export const EMAIL = 'operator@alpine.example'
export const PASSWORD = 'tramway lilac 47'

type Browser = ReturnType<typeof browserAt>

/** What next-auth's provider `second-step` is sent. */
export const step = (ticket: string, proof: object) => ({ step: JSON.stringify({ ticket, proof }) })

/** The portal with next-auth's handlers in front of it. `reset` after each test; `from` says where browsers come from. */
export async function openSignIn() {
  const portal = await openPortal()
  let from = TEST_ADDRESS
  const auth = await serveNextAuth(() => from)
  const { sessionOf, tokenOf } = await import('@/server/session.ts')
  const { contextOf } = await import('@/server/trpc.ts')
  const { rootRouter } = await import('@/server/root-router.ts')
  const { hashPassword } = await import('@/server/password.ts')
  const passwordHash = await hashPassword(PASSWORD)

  async function reset(): Promise<void> {
    from = TEST_ADDRESS
    const { owner } = portal
    await owner.$executeRaw`DELETE FROM rate_limit`
    await Promise.all([owner.portalSession.deleteMany(), owner.totpSecret.deleteMany(), owner.passkey.deleteMany(), owner.recoveryCode.deleteMany()])
    await owner.tenant.updateMany({ data: { secondFactor: 'OPTIONAL' } })
    await owner.provider.updateMany({ data: { customersSecondFactor: 'OPTIONAL', staffSecondFactor: 'OPTIONAL' } })
    await owner.user.updateMany({ data: { passwordHash, deactivatedAt: null } })
    await owner.user.update({ where: { id: PEOPLE.olivia.userId }, data: { role: 'CUSTOMER_OPERATOR' } })
  }
  await reset()

  /** A browser's calls, each with its session looked up anew, as the route does. */
  const calls = async (browser: Browser, touch = true) => rootRouter.createCaller({ ...contextOf(await sessionOf(await tokenOf(browser.cookie()), touch)), requestId: 'test', sameOrigin: true, address: TEST_ADDRESS })

  async function signedIn(email = EMAIL) {
    const browser = browserAt(auth.origin)
    const refused = await browser.post('credentials', { email, password: PASSWORD })
    if (refused !== null) throw new Error(`The sign-in of ${email} was refused: ${refused}`)
    return { browser, calls: () => calls(browser) }
  }

  return {
    portal, reset, calls, signedIn,
    browser: () => browserAt(auth.origin),
    comeFrom: (address: string) => void (from = address),
    /** Somebody with an authenticator app. `code` is that of the next step: each is accepted once. */
    async withApp(email = EMAIL) {
      const person = await signedIn(email)
      const { secret } = await (await person.calls()).account.startTotp()
      let epoch = Math.floor(Date.now() / 1000) - 30
      const code = () => {
        const made = generate({ secret, epoch })
        epoch += 30
        return made
      }
      const { recoveryCodes } = await (await person.calls()).account.confirmTotp({ code: await code() })
      return { ...person, code, recoveryCodes: recoveryCodes ?? [] }
    },
    async withPasskey(email = EMAIL) {
      const person = await signedIn(email)
      const passkey = softPasskey('portal.test', 'http://portal.test')
      const { challenge } = await (await person.calls()).account.startPasskey()
      const { recoveryCodes } = await (await person.calls()).account.addPasskey({ name: 'Laptop', response: passkey.create(challenge) })
      return { ...person, passkey, recoveryCodes: recoveryCodes ?? [] }
    },
    async close() {
      await auth.close()
      await portal.close()
    },
  }
}
export type SignIn = Awaited<ReturnType<typeof openSignIn>>
