'use client'
import { SECOND_FACTOR_POLICIES, SHIPMENT_STATUSES, SIGN_ON_REFUSALS, USER_ROLES } from '@driftless/domain'
import { useMessages, useTranslations } from 'next-intl'
import type en from '../../../../messages/en/states.json'
import { useBitRate } from '@/features/configure/components/use-bit-rate.ts'
import { useFormats } from '@/ui/format/use-formats.ts'
import type { Entry } from './audit-entry.tsx'

type States = typeof en

/** Their values are bytes per second. */
const RATES = ['wave.rate', 'wave.throttle', 'migration.rate', 'migration.throttle']

/** A value of an entry as people say it: a status, a role or a policy by its name, a rate with its unit, an instant as a time; else as written. */
export function useValueText(): (entry: Pick<Entry, 'action'>, value: string | null) => string {
  const t = useTranslations('auditLog')
  const migration = useTranslations('states.migration')
  const booking = useTranslations('states.booking')
  const cutover = useTranslations('states.cutover')
  const testBoot = useTranslations('states.testBoot')
  const shipment = useTranslations('shipments.status')
  const refusal = useTranslations('auditLog.refusals')
  const factor = useTranslations('account.sessions.factors')
  const roles = useTranslations('people.roles')
  const levels = useTranslations('people.policy.levels')
  const refused = useTranslations('signOn.refused')
  const { states, auditLog, account } = useMessages()
  const isRefusal = (value: string): value is keyof typeof auditLog.refusals => Object.hasOwn(auditLog.refusals, value)
  const isFactor = (value: string): value is keyof typeof account.sessions.factors => Object.hasOwn(account.sessions.factors, value)
  const bits = useBitRate()
  const formats = useFormats()
  const isMigration = (value: string): value is keyof States['migration'] => Object.hasOwn(states.migration, value)
  const isBooking = (value: string): value is keyof States['booking'] => Object.hasOwn(states.booking, value)
  const isCutover = (value: string): value is keyof States['cutover'] => Object.hasOwn(states.cutover, value)
  const isTestBoot = (value: string): value is keyof States['testBoot'] => Object.hasOwn(states.testBoot, value)
  return ({ action }, value) => {
    if (value === null) return '–'
    if (action === 'site.limit') return value === 'none' ? t('values.none') : bits(Number(value))
    if (action === 'wave.latency-limit') return value === 'none' ? t('values.off') : formats.milliseconds(Number(value))
    if (action === 'site.probes') return Number(value) === 0 ? t('values.off') : formats.percent(Number(value), 2)
    if (action === 'site.schedule') return t('values.lines', { count: Number(value) })
    if (RATES.includes(action)) return value === 'none' ? t('values.none') : formats.rate(Number(value))
    if (action === 'wave.cutover-mode') return value === 'MANUAL' ? t('values.manual') : t('values.automatic')
    if (action === 'webhook.rotate') return formats.dateTime(new Date(value))
    if (action === 'webhook.disable') return t(`values.${value === 'GONE' ? 'webhookGone' : value === 'FAILING' ? 'webhookFailing' : 'webhookPerson'}`)
    if (action === 'billing.start' || action === 'billing.end') return formats.dateTime(new Date(value))
    if (action === 'session.refuse' && isRefusal(value)) return refusal(value)
    if (action.startsWith('factor.') && isFactor(value)) return factor(value)
    if (action.startsWith('booking.') && isBooking(value)) return booking(value)
    if (action.startsWith('cutover.') && isCutover(value)) return cutover(value)
    if (action.startsWith('test.') && isTestBoot(value)) return testBoot(value)
    const carried = action.startsWith('shipment.') ? SHIPMENT_STATUSES.find((one) => one === value) : undefined
    if (carried !== undefined) return shipment(carried)
    const role = action.startsWith('person.') ? USER_ROLES.find((one) => one === value) : undefined
    if (role !== undefined) return roles(role)
    const level = action.startsWith('policy.') ? SECOND_FACTOR_POLICIES.find((one) => one === value) : undefined
    if (level !== undefined) return levels(level)
    const reason = action === 'sign-on.refuse' ? [...SIGN_ON_REFUSALS, 'PROTOCOL' as const].find((one) => one === value) : undefined
    if (reason !== undefined) return refused(reason)
    if (isMigration(value)) return migration(value)
    return value
  }
}
