/** People get in at a real browser: by an invitation, by their organisation's own sign-on, and by neither once they were shut out. */
import { join } from 'node:path'
import type { RunningDriftless } from '@driftless/launch/run.ts'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { openDb } from '@driftless/db'
import type { Db } from '@driftless/db'
import type { Browser, Page } from 'playwright-core'
import { createTranslator } from 'use-intl/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import english from '../../apps/web/messages/en/index.ts'
import { DEMO_PASSWORD } from '../../prisma/seed/demo.ts'
import { expectAccessible } from '../support/accessible.ts'
import { launchBrowser, openPage } from '../support/browser.ts'
import { startDriftless } from '../support/driftless.ts'
import { startOidcServer } from '../support/oidc-server.ts'
import type { OidcServer } from '../support/oidc-server.ts'

const PASSWORD = 'tramway lilac 47'
const SECRET = 'of a test only'
const t = createTranslator({ locale: 'en', messages: english })

let driftless: RunningDriftless
let browser: Browser
let owner: Db
let alpine: OidcServer
beforeAll(async () => {
  driftless = await startDriftless({ scenario: join(ROOT, 'apps', 'lab', 'scenarios', 'small.json') })
  owner = openDb(driftless.ownerUrl, 1)
  browser = await launchBrowser()
  alpine = await startOidcServer({ id: 'driftless', secret: SECRET, redirectUri: `${driftless.url}/api/auth/callback/sso-customer-alpine` }, {
    olivia: { email: 'operator@alpine.example', email_verified: true, name: 'Olivia Berger' },
    stranger: { email: 'stranger@alpine.example', email_verified: true },
  })
})
afterAll(async () => {
  await browser?.close()
  await alpine?.close()
  await owner?.$disconnect()
  await driftless?.stop()
})

async function visit(path: string): Promise<Page> {
  return openPage(browser, driftless.url + path)
}

async function signIn(email: string, password: string): Promise<Page> {
  const page = await visit('/sign-in')
  await page.getByLabel(t('signIn.email')).fill(email)
  await page.getByLabel(t('signIn.password'), { exact: true }).fill(password)
  await page.getByRole('button', { name: t('signIn.submit'), exact: true }).click()
  return page
}

/** From the portal's sign-in page to the organisation's, and back. */
async function signOn(email: string, login: string): Promise<Page> {
  const page = await visit('/sign-in')
  await page.getByRole('button', { name: t('signOn.start.action') }).click()
  await page.getByLabel(t('signOn.start.email')).fill(email)
  await page.getByRole('button', { name: t('signOn.start.continue'), exact: true }).click()
  await page.waitForURL(`${alpine.issuer}/**`)
  await page.locator('input[name=login]').fill(login)
  await page.locator('input[name=password]').fill('any')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  await page.waitForURL(`${driftless.url}/**`)
  return page
}

describe('people', () => {
  test('are invited by an administrator, choose a password, and get in', async () => {
    const ada = await signIn('admin@northwind.example', DEMO_PASSWORD)
    await ada.waitForURL(/overview/)
    await ada.goto(`${driftless.url}/configure?tab=people`)
    await ada.getByRole('button', { name: t('people.invite.action'), exact: true }).click()
    await ada.getByLabel(t('people.invite.name'), { exact: true }).fill('Vera Vogel')
    await ada.getByLabel(t('people.invite.email')).fill('vera@harbour.example')
    await expectAccessible(ada)
    await ada.getByRole('button', { name: t('people.invite.submit'), exact: true }).click()
    const link = await ada.getByRole('group', { name: t('people.link.label') }).innerText()
    expect(link).toContain(`${driftless.url}/invitation#`)
    await expectAccessible(ada)
    await ada.context().close()

    const vera = await visit(link.slice(driftless.url.length))
    await vera.getByLabel(t('access.invitation.password'), { exact: true }).fill(PASSWORD)
    await vera.getByLabel(t('access.invitation.repeat')).fill(PASSWORD)
    expect(new URL(vera.url()).hash).toBe('')
    await expectAccessible(vera)
    await vera.getByRole('button', { name: t('access.invitation.accept') }).click()
    await vera.getByText(t('access.invitation.done', { email: 'vera@harbour.example' })).waitFor()
    await vera.context().close()
    const inside = await signIn('vera@harbour.example', PASSWORD)
    await inside.waitForURL(/migrate/)

    // The link is worth nothing any more.
    const late = await visit(link.slice(driftless.url.length))
    await late.getByText(t('errors.INVITATION_UNKNOWN')).waitFor()
    await late.context().close()

    // Shut out: the open page is over within seconds, and the password leads nowhere.
    const { id } = await owner.user.findUniqueOrThrow({ where: { email: 'vera@harbour.example' } })
    const admin = await signIn('admin@northwind.example', DEMO_PASSWORD)
    await admin.waitForURL(/overview/)
    await admin.goto(`${driftless.url}/configure?tab=people`)
    await admin.getByRole('button', { name: t('people.actionsOf', { name: 'Vera Vogel' }) }).click()
    await admin.getByRole('button', { name: t('people.deactivate.action') }).click()
    await admin.getByRole('button', { name: t('people.deactivate.confirm') }).last().click()
    await admin.getByText(t('people.deactivate.done', { name: 'Vera Vogel' }), { exact: true }).waitFor()
    expect(await owner.portalSession.count({ where: { userId: id, revokedAt: null } })).toBe(0)
    expect((await inside.request.get(`${driftless.url}/api/audit-log`)).status()).toBe(401)
    await inside.context().close()
    await admin.context().close()
  })

  test('sign on at their own organisation, where an administrator has connected it, and there alone once that is demanded', async () => {
    const ada = await signIn('admin@northwind.example', DEMO_PASSWORD)
    await ada.waitForURL(/overview/)
    await ada.goto(`${driftless.url}/configure?tab=signOn`)
    await ada.getByRole('button', { name: t('signOn.connectOf', { name: 'Alpine Outfitters' }) }).click()
    await ada.getByText(`${driftless.url}/api/auth/callback/sso-customer-alpine`).waitFor()
    await ada.getByLabel(t('signOn.form.issuer')).fill(alpine.issuer)
    await ada.getByRole('button', { name: t('signOn.form.test') }).click()
    await ada.getByText(t('signOn.form.tested', { host: new URL(alpine.issuer).host })).waitFor()
    await ada.getByLabel(t('signOn.form.clientId'), { exact: true }).fill('driftless')
    await ada.getByLabel(t('signOn.form.clientSecret'), { exact: true }).fill(SECRET)
    await ada.getByLabel(t('signOn.form.domains'), { exact: true }).fill('alpine.example')
    await ada.getByRole('switch', { name: t('signOn.form.enforced') }).click()
    await expectAccessible(ada)
    await ada.getByRole('button', { name: t('signOn.form.save'), exact: true }).click()
    await ada.getByText(t('signOn.form.saved', { name: 'Alpine Outfitters' })).waitFor()
    await expectAccessible(ada)
    await ada.context().close()

    const olivia = await signOn('anybody@alpine.example', 'olivia')
    await olivia.waitForURL(/migrate/)
    const session = await owner.portalSession.findFirstOrThrow({ where: { userId: 'user-olivia' }, orderBy: { createdAt: 'desc' } })
    expect(session.factors).toEqual(['SSO'])
    await olivia.context().close()

    // Known there, but nobody here.
    const stranger = await signOn('anybody@alpine.example', 'stranger')
    await stranger.getByText(t('signOn.refused.NOT_INVITED')).waitFor()
    await expectAccessible(stranger)
    await stranger.context().close()

    // The password of before no longer does.
    const refused = await signIn('operator@alpine.example', DEMO_PASSWORD)
    await refused.getByText(t('errors.SIGN_ON_REQUIRED')).waitFor()
    await refused.context().close()
  })
})
