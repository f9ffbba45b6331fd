/** The matrix's rows: for every procedure and route of the portal, who may call it and what it asks for. A procedure or route that has none fails the test. */
import { isProviderRole, may } from '@driftless/domain'
import type { Permission } from '@driftless/domain'
import type { Actor, Ids } from './cast.ts'

/** What a call comes to. NOT_FOUND is the same for what is somebody else's and what is nobody's. */
export type Verdict = 'SIGNED_OUT' | 'FORBIDDEN' | 'NOT_FOUND' | 'ALLOWED'

export type Row = {
  /** Whose people it is for. */
  readonly side: 'CUSTOMERS' | 'STAFF' | 'BOTH'
  readonly permission?: Permission
  /** What is asked for; absent: nothing in particular, and the answer must hold nothing of another's. */
  readonly input?: (ids: Ids) => unknown
  /** Names something of one customer's or provider's: strangers are told that there is no such thing. */
  readonly names?: true
  /** The thing is looked up before the role is: a stranger learns that it is unknown, whatever their role. */
  readonly looksFirst?: true
  /** Leads in, and so is open to whoever is not signed in: what everybody hears, who holds nothing that opens it. */
  readonly everybody?: Verdict
  /** A rule of its own for the thing's own people. */
  readonly own?: (actor: Actor) => Verdict
}

/** What `actor` (null: signed out) must hear of a page: the same as everybody, or, where it is for the other side's people, that there is none. */
export function verdictOfPage(page: Row, actor: Actor | null): Verdict {
  const verdict = verdictOf(page, actor)
  return verdict === 'FORBIDDEN' ? 'NOT_FOUND' : verdict
}

/** What `actor` (null: signed out) must hear. */
export function verdictOf(row: Row, actor: Actor | null): Verdict {
  if (row.everybody !== undefined) return row.everybody
  if (actor === null) return 'SIGNED_OUT'
  const rightSide = row.side === 'BOTH' || (row.side === 'STAFF') === isProviderRole(actor.role)
  if (!rightSide) return 'FORBIDDEN'
  const stranger = row.names === true && actor.relation === 'FOREIGN'
  if (stranger && row.looksFirst === true) return 'NOT_FOUND'
  if (actor.relation !== 'FOREIGN' && row.own !== undefined) return row.own(actor)
  if (row.permission !== undefined && !may(actor.role, row.permission)) return 'FORBIDDEN'
  return stranger ? 'NOT_FOUND' : 'ALLOWED'
}

const customers = (permission: Permission | undefined, input?: Row['input']): Row => ({ side: 'CUSTOMERS', ...(permission === undefined ? {} : { permission }), ...(input === undefined ? {} : { input, names: true }) })
const staff = (permission: Permission | undefined, input?: Row['input']): Row => ({ ...customers(permission, input), side: 'STAFF' })
const both = (input?: Row['input']): Row => ({ ...customers(undefined, input), side: 'BOTH' })
/** A site that the customer's own people manage. */
const customersSite = (input: NonNullable<Row['input']>): Row => ({ side: 'BOTH', input, names: true, looksFirst: true, own: ({ role }) => (may(role, 'manage-sites') ? 'ALLOWED' : 'FORBIDDEN') })
/** One that the provider's own manage; a customer whose destination leads there sees it. */
const providersSite = (input: NonNullable<Row['input']>): Row => ({ side: 'BOTH', input, names: true, looksFirst: true, own: ({ role }) => (may(role, 'manage-provider-sites') ? 'ALLOWED' : 'FORBIDDEN') })
/** A webhook: its own side's alone. A provider sees its customers' rows, but their webhooks are as unknown to it as another's. */
const customersWebhook = (input: NonNullable<Row['input']>): Row => ({
  side: 'BOTH', permission: 'manage-webhooks', input, names: true,
  own: ({ role, relation }) => (!may(role, 'manage-webhooks') ? 'FORBIDDEN' : relation === 'OWN_TENANT' ? 'ALLOWED' : 'NOT_FOUND'),
})
/** What the site of the matrix publishes already. */
const CALENDAR = { zone: 'UTC', patterns: [], exceptions: [], blackouts: [], noticeHours: 0, holdHours: 48, ownTimes: true }
const AGREEMENT = { parallelCutovers: 1, shutdownSeconds: 120, shutdownRefusal: 'ABORT', validationMinutes: 0, validationDefault: 'ACCEPT', keepWayBack: false }
const WEBHOOK = { name: 'A webhook', url: 'https://hooks.invalid/', eventTypes: ['estimate.ended'] }

/** Of the person's own account alone: whatever else is named is unknown, to colleagues too. */
const nobodys = (input: unknown): Row => ({ side: 'BOTH', input: () => input, names: true, looksFirst: true, own: () => 'NOT_FOUND' })
/** Of the person's own account: done, or refused for what the input says. */
const account = (input?: unknown): Row => ({ side: 'BOTH', input: () => input })
/** What no passkey ever signed. */
const FORGED = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', clientExtensionResults: {}, response: { clientDataJSON: 'AAAA', attestationObject: 'AAAA' } }
const open = (everybody: Verdict, input: unknown): Row => ({ side: 'BOTH', everybody, input: () => input })
const NO_TOKEN = 'a token that nobody was given'

const DAY_MS = 86_400_000
const inDays = (days: number) => new Date(Math.ceil(Date.now() / DAY_MS) * DAY_MS + days * DAY_MS)

export const PROCEDURES: Readonly<Record<string, readonly Row[]>> = {
  'signIn.begin': [open('ALLOWED', { email: 'nobody@nowhere.example', password: 'not a password' })],
  'signIn.passkey': [open('ALLOWED', undefined)],
  'session.current': [account()],
  'session.changeLocale': [{ side: 'BOTH', input: () => ({ locale: 'en' }) }],
  'account.read': [account()],
  'account.confirm': [account({ method: 'PASSWORD', password: 'not a password' })],
  'account.passkeyRequest': [account()],
  'account.startTotp': [account()],
  'account.confirmTotp': [account({ code: '000000' })],
  'account.removeTotp': [account()],
  'account.startPasskey': [account()],
  'account.addPasskey': [account({ name: 'Forged', response: FORGED })],
  'account.renamePasskey': [nobodys({ passkeyId: 'm-passkey', name: 'Mine' })],
  'account.removePasskey': [nobodys({ passkeyId: 'm-passkey' })],
  'account.renewRecoveryCodes': [account()],
  'account.changePassword': [account({ oldPassword: 'not a password', newPassword: 'short' })],
  'account.sessions': [account()],
  'account.revokeSession': [nobodys({ sessionId: 'm-session' })],
  'account.revokeOthers': [account()],
  'account.notices': [account()],
  'account.chooseNotices': [account({ muted: ['ESTIMATES'] })],
  'account.makeFeed': [account()],
  'account.endFeed': [account()],
  'auditLog.chains': [{ side: 'BOTH' }],
  'access.invitation': [open('NOT_FOUND', { token: NO_TOKEN })],
  'access.acceptInvitation': [open('NOT_FOUND', { token: NO_TOKEN, name: 'Nobody', password: 'tramway lilac 47' })],
  'access.forgotPassword': [open('ALLOWED', { email: 'nobody@nowhere.example' })],
  'access.resetPassword': [open('NOT_FOUND', { token: NO_TOKEN, password: 'tramway lilac 47' })],
  'access.findSignOn': [open('ALLOWED', { email: 'nobody@nowhere.example' })],
  'auditLog.page': [{ side: 'BOTH', input: () => ({ filter: {} }) }],
  'auditLog.choices': [both()],
  'billing.read': [{ side: 'BOTH', input: () => ({ month: null }) }],
  'configure.sites': [both()],
  'configure.destinations': [both()],
  'configure.limitSite': [customersSite((ids) => ({ siteId: ids.site, bytesPerSecond: 1_000_000 })), providersSite((ids) => ({ siteId: ids.targetSite, bytesPerSecond: 1_000_000 }))],
  'configure.createToken': [customersSite((ids) => ({ siteId: ids.site })), providersSite((ids) => ({ siteId: ids.targetSite }))],
  'configure.enrolAgain': [customersSite((ids) => ({ agentId: ids.agent })), providersSite((ids) => ({ agentId: ids.targetAgent }))],
  'configure.revokeAgent': [customersSite((ids) => ({ agentId: ids.agent, reason: 'in a test' })), providersSite((ids) => ({ agentId: ids.targetAgent, reason: 'in a test' }))],
  'configure.branding': [staff(undefined)],
  'configure.calendars': [staff(undefined)],
  'configure.checkCalendar': [staff('manage-provider-sites', (ids) => ({ siteId: ids.targetSite, calendar: CALENDAR }))],
  'configure.saveCalendar': [staff('manage-provider-sites', (ids) => ({ siteId: ids.targetSite, calendar: CALENDAR, revision: 1 }))],
  'configure.brand': [{ side: 'STAFF', permission: 'manage-provider', input: () => ({ name: 'Renamed', accentColor: '#123456' }) }],
  'estimate.list': [customers(undefined)],
  'estimate.read': [customers(undefined, (ids) => ({ estimateId: ids.estimate }))],
  'estimate.narrowing': [customers(undefined, (ids) => ({ estimateId: ids.estimate }))],
  'estimate.errors': [both()],
  'estimate.listVms': [customers(undefined)],
  'estimate.start': [customers('run-estimates', (ids) => ({ siteId: ids.site, name: 'An estimate', vmIds: [ids.vm], durationSeconds: 86_400, shippingDays: 3 }))],
  'estimate.end': [customers('run-estimates', (ids) => ({ estimateId: ids.estimate }))],
  'inbox.read': [both()],
  'overview.read': [staff(undefined)],
  'migrate.inventory': [customers(undefined)],
  'migrate.placement': [customers(undefined, (ids) => ({ vmId: ids.vm }))],
  'migrate.sources': [customers(undefined)],
  'migrate.waves': [customers(undefined)],
  'migrate.destinations': [customers(undefined)],
  'migrate.forecast': [customers(undefined, (ids) => ({ siteId: ids.site, vmIds: [ids.vm], rateBytesPerSecond: null }))],
  'migrate.planWave': [customers('plan-waves', (ids) => ({ name: 'Another wave', siteId: ids.site, destinationId: ids.destination, cutoverMode: 'MANUAL', rateBytesPerSecond: null, vms: [{ vmId: ids.spareVm, network: 'net', storage: 'gold', cpus: 2, memoryBytes: 1_073_741_824 }] }))],
  'wave.read': [both((ids) => ({ waveId: ids.wave }))],
  'wave.start': [customers('control-replication', (ids) => ({ waveId: ids.wave }))],
  'wave.control': [customers('control-replication', (ids) => ({ waveId: ids.wave, paused: true }))],
  'wave.controlMigration': [customers('control-replication', (ids) => ({ migrationId: ids.migration, rateBytesPerSecond: 1_000_000 }))],
  'wave.requestCutover': [customers('request-cutover', (ids) => ({ migrationIds: [ids.migration] }))],
  'wave.startTest': [customers('control-replication', (ids) => ({ migrationId: ids.migration, hours: 1 }))],
  'wave.discardTest': [customers('control-replication', (ids) => ({ migrationId: ids.migration }))],
  'wave.keepWayBack': [customers('control-replication', (ids) => ({ migrationId: ids.migration, keep: true }))],
  // The approval policy decides, by default for approvers; the booking is looked up first.
  'wave.decideGoNoGo': [{ side: 'CUSTOMERS', input: (ids) => ({ waveId: ids.wave, bookingId: ids.booking, decision: 'GO', reason: null, planHash: '0'.repeat(64) }), names: true, looksFirst: true, own: ({ role }) => (may(role, 'decide-go-no-go') ? 'ALLOWED' : 'FORBIDDEN') }],
  'runbook.read': [both((ids) => ({ waveId: ids.wave }))],
  'wave.approvals': [both((ids) => ({ waveId: ids.wave }))],
  'wave.planChoices': [customers('plan-waves', (ids) => ({ waveId: ids.wave }))],
  'wave.changePlan': [customers('plan-waves', (ids) => ({ waveId: ids.wave, planHash: '0'.repeat(64), ...AGREEMENT, cutoverMode: 'MANUAL', vms: [{ migrationId: ids.migration, network: 'net', storage: 'gold', cpus: 4, memoryBytes: 1_073_741_824, dependsOnIds: [], apartGroup: null, cutoverAt: null }] }))],
  'approvals.policies': [both()],
  'approvals.setPolicy': [staff('manage-provider', (ids) => ({ tenantId: ids.tenant, policy: { roles: ['CUSTOMER_APPROVER'], personIds: [], needed: 1, ownRequest: false, waitMinutes: 5, expiresHours: 24, testsNeedGo: false } }))],
  'validation.accept': [customers('decide-go-no-go', (ids) => ({ migrationIds: [ids.migration] }))],
  'validation.returnVm': [customers('request-cutover', (ids) => ({ migrationId: ids.migration, reason: 'because', confirmedName: null }))],
  'wave.cancelMigration': [customers('control-replication', (ids) => ({ migrationId: ids.migration }))],
  'wave.cancel': [customers('control-replication', (ids) => ({ waveId: ids.wave }))],
  'people.list': [both()],
  'people.invite': [staff('manage-people', (ids) => ({ tenantId: ids.tenant, email: 'guest@m-alder.example', name: 'A guest', role: 'CUSTOMER_VIEWER', locale: 'en' }))],
  'people.renewInvitation': [staff('manage-people', (ids) => ({ invitationId: ids.invitation }))],
  'people.withdrawInvitation': [staff('manage-people', (ids) => ({ invitationId: ids.invitation }))],
  'people.changeRole': [staff('manage-people', (ids) => ({ userId: ids.leaver, role: 'CUSTOMER_OPERATOR' }))],
  'people.signOut': [staff('manage-people', (ids) => ({ userId: ids.leaver }))],
  'people.resetFactors': [staff('manage-people', (ids) => ({ userId: ids.leaver }))],
  'people.makeResetLink': [staff('manage-people', (ids) => ({ userId: ids.leaver }))],
  'people.setActive': [staff('manage-people', (ids) => ({ userId: ids.leaver, active: false }))],
  'people.policies': [{ side: 'STAFF', permission: 'manage-people' }],
  'people.setPolicy': [staff('manage-people', (ids) => ({ target: { kind: 'CUSTOMER', tenantId: ids.tenant }, policy: 'OPTIONAL' }))],
  'sharing.links': [customers('plan-waves', (ids) => ({ waveId: ids.wave }))],
  'sharing.share': [customers('plan-waves', (ids) => ({ waveId: ids.wave, days: 7 }))],
  'sharing.end': [customers('plan-waves', (ids) => ({ linkId: ids.link }))],
  'sharing.read': [open('NOT_FOUND', { token: NO_TOKEN })],
  'signOn.list': [{ side: 'STAFF', permission: 'manage-people' }],
  'signOn.test': [{ side: 'STAFF', permission: 'manage-people', input: () => ({ issuer: 'https://localhost:9' }) }],
  'signOn.save': [staff('manage-people', (ids) => ({ tenantId: ids.tenant, issuer: 'https://localhost:9', clientId: 'c', clientSecret: 's', domains: ['m-alder.example'], defaultRole: null, enforced: false }))],
  'signOn.remove': [staff('manage-people', (ids) => ({ tenantId: ids.tenant }))],
  'shipments.list': [both()],
  'shipments.read': [both((ids) => ({ shipmentId: ids.shipment }))],
  'shipments.ofWave': [both((ids) => ({ waveId: ids.wave }))],
  'shipments.travel': [both((ids) => ({ waveId: ids.wave }))],
  'shipments.offer': [customers(undefined, (ids) => ({ siteId: ids.site, destinationId: ids.destination }))],
  'shipments.plan': [customers(undefined, (ids) => ({ siteId: ids.site, vmIds: [ids.vm], rateBytesPerSecond: null, shippingDays: 3, deviceBytes: null }))],
  'shipments.begin': [customers('ship-disks', (ids) => ({ waveId: ids.wave, migrationIds: [ids.migration], places: ['usb-1'], transitDays: 3 }))],
  'shipments.handOver': [customers('ship-disks', (ids) => ({ shipmentId: ids.shipment, carrier: 'Post', trackingNumber: null, handedOverAt: new Date(), seals: [], note: null }))],
  'shipments.changePlaces': [customers('ship-disks', (ids) => ({ shipmentId: ids.shipment, places: ['usb-1'] }))],
  'shipments.changeDays': [customers('ship-disks', (ids) => ({ shipmentId: ids.shipment, transitDays: 4 }))],
  'shipments.cancel': [customers('ship-disks', (ids) => ({ shipmentId: ids.shipment, reason: 'in a test' }))],
  'shipments.receive': [staff('receive-disks', (ids) => ({ shipmentId: ids.shipment, sealsIntact: true, note: null }))],
  'shipments.import': [staff('receive-disks', (ids) => ({ shipmentId: ids.shipment, places: ['bay-1'] }))],
  'statistics.choices': [both()],
  'statistics.read': [both((ids) => ({ waveId: ids.wave, vmId: null, from: null, to: null, lastSeconds: 3_600 }))],
  'webhooks.list': [{ side: 'BOTH', permission: 'manage-webhooks' }],
  'webhooks.deliveries': [customersWebhook((ids) => ({ webhookId: ids.webhook }))],
  'webhooks.edit': [customersWebhook((ids) => ({ webhookId: ids.webhook, ...WEBHOOK }))],
  'webhooks.rotateSecret': [customersWebhook((ids) => ({ webhookId: ids.webhook, endOld: false }))],
  'webhooks.sendTest': [customersWebhook((ids) => ({ webhookId: ids.webhook }))],
  'webhooks.redeliver': [customersWebhook((ids) => ({ deliveryId: ids.delivery }))],
  'webhooks.switch': [customersWebhook((ids) => ({ webhookId: ids.webhook, on: false }))],
  'webhooks.delete': [customersWebhook((ids) => ({ webhookId: ids.webhook }))],
  'webhooks.create': [{ side: 'BOTH', permission: 'manage-webhooks', input: () => WEBHOOK }],
  'windows.list': [both()],
  'windows.bookableWaves': [customers(undefined)],
  'windows.sites': [both()],
  'windows.board': [both((ids) => ({ targetSiteId: ids.targetSite, from: inDays(0), to: inDays(7) }))],
  'windows.book': [customers('book-windows', (ids) => ({ waveId: ids.wave, startsAt: inDays(3), endsAt: inDays(3.25), note: '' }))],
  'windows.offer': [staff('decide-bookings', (ids) => ({ bookingId: ids.booking, startsAt: inDays(5), endsAt: inDays(5.25), reason: 'in a test' }))],
  'windows.accept': [customers('book-windows', (ids) => ({ bookingId: ids.booking }))],
  'windows.decide': [staff('decide-bookings', (ids) => ({ bookingId: ids.booking, approve: true, reason: '' }))],
  'windows.withdraw': [customers('book-windows', (ids) => ({ bookingId: ids.booking }))],
}

export type Route = Row & {
  /** Where it is asked for, with what it names in its place. */
  readonly path: (ids: Ids) => string
  /** A page: whoever is signed out is led to the sign-in, and what it shows comes from the procedures above. */
  readonly page?: true
  /** Open to everybody: the answer must hold nothing of anybody's. */
  readonly open?: true
}

const page = (path: string, side: Row['side'] = 'BOTH'): Route => ({ side, page: true, path: () => path })

/** By their files under `apps/web/src/app`. */
export const ROUTES: Readonly<Record<string, Route>> = {
  'page.tsx': page('/'),
  'invitation/page.tsx': { ...page('/invitation'), open: true },
  'forgot-password/page.tsx': { ...page('/forgot-password'), open: true },
  'reset-password/page.tsx': { ...page('/reset-password'), open: true },
  'shared/page.tsx': { ...page('/shared'), open: true },
  'sign-in/page.tsx': { ...page('/sign-in'), open: true },
  '(portal)/account/page.tsx': page('/account'),
  '(portal)/overview/page.tsx': page('/overview', 'STAFF'),
  '(portal)/inbox/page.tsx': page('/inbox'),
  '(portal)/statistics/page.tsx': page('/statistics'),
  '(portal)/estimate/page.tsx': page('/estimate', 'CUSTOMERS'),
  '(portal)/estimate/[estimateId]/page.tsx': { ...page('', 'CUSTOMERS'), path: (ids) => `/estimate/${ids.estimate}` },
  '(portal)/audit-log/page.tsx': page('/audit-log'),
  '(portal)/billing/page.tsx': page('/billing'),
  '(portal)/migrate/page.tsx': page('/migrate'),
  '(portal)/windows/page.tsx': page('/windows'),
  '(portal)/configure/page.tsx': page('/configure'),
  '(portal)/waves/[waveId]/page.tsx': { ...page(''), path: (ids) => `/waves/${ids.wave}` },
  '(portal)/waves/[waveId]/runbook/page.tsx': { ...page(''), path: (ids) => `/waves/${ids.wave}/runbook` },
  '(portal)/shipments/page.tsx': page('/shipments'),
  '(portal)/shipments/[shipmentId]/page.tsx': { ...page(''), path: (ids) => `/shipments/${ids.shipment}` },
  'api/auth/[...nextauth]/route.ts': { side: 'BOTH', open: true, path: () => '/api/auth/session' },
  'api/health/route.ts': { side: 'BOTH', open: true, path: () => '/api/health' },
  'api/trpc/[trpc]/route.ts': { side: 'BOTH', open: true, path: () => '/api/trpc/no.such' },
  'api/audit-log/route.ts': { side: 'BOTH', names: true, path: (ids) => `/api/audit-log?format=jsonl&chain=${encodeURIComponent(`tenant/${ids.tenant}`)}` },
  'api/billing/route.ts': { side: 'BOTH', path: () => '/api/billing?month=2026-11' },
  'api/calendar/[file]/route.ts': { side: 'BOTH', open: true, path: () => `/api/calendar/${'n'.repeat(43)}.ics` },
  'api/evidence/[migrationId]/route.ts': { side: 'BOTH', names: true, path: (ids) => `/api/evidence/${ids.migration}` },
  'api/evidence/waves/[waveId]/route.ts': { side: 'BOTH', names: true, path: (ids) => `/api/evidence/waves/${ids.wave}` },
}
