'use client'
import type { PlanChange, PlanField, PlanValue } from '@driftless/domain'
import { CUTOVER_MODES, SHUTDOWN_REFUSALS, VALIDATION_DEFAULTS } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import { useFormats } from '@/ui/format/use-formats.ts'

const BYTES: readonly PlanField[] = ['memoryBytes', 'disk']
const INSTANTS: readonly PlanField[] = ['startsAt', 'lockoutAt', 'endsAt', 'cutoverAt']
const AGENTS: readonly PlanField[] = ['sourceAgentId', 'targetAgentId']
/** Enough of an id to tell two agents apart. */
const LETTERS_OF_ID = 8

/** A plan's fields and values as people read them. */
export function usePlanWords() {
  const t = useTranslations('plan')
  const { bytes, dateTime, duration, list, number } = useFormats()
  const value = (field: PlanField, one: PlanValue): string => {
    if (one === null) return AGENTS.includes(field) ? t('notChosen') : field === 'cutoverAt' ? t('atWindow') : t('none')
    if (typeof one === 'boolean') return t(one ? 'yes' : 'no')
    if (typeof one === 'object') return one.length === 0 ? t('none') : list(one)
    if (typeof one === 'number') {
      if (BYTES.includes(field)) return bytes(one)
      if (field === 'shutdownSeconds') return duration(one)
      if (field === 'validationMinutes') return one === 0 ? t('atOnce') : duration(one * 60)
      return number(one)
    }
    if (INSTANTS.includes(field)) return dateTime(new Date(one))
    if (AGENTS.includes(field)) return one.slice(0, LETTERS_OF_ID)
    const mode = CUTOVER_MODES.find((known) => field === 'mode' && known === one)
    const refusal = SHUTDOWN_REFUSALS.find((known) => field === 'shutdownRefusal' && known === one)
    const fallback = VALIDATION_DEFAULTS.find((known) => field === 'validationDefault' && known === one)
    if (mode) return t(`modes.${mode}`)
    if (refusal) return t(`refusals.${refusal}`)
    if (fallback) return t(`defaults.${fallback}`)
    return field === 'kind' && (one === 'CUTOVER' || one === 'TEST') ? t(`kinds.${one}`) : one
  }
  const field = ({ vm, disk, field: name }: Pick<PlanChange, 'vm' | 'disk' | 'field'>): string => {
    const called = disk === null ? t(`fields.${name}`) : t('diskOf', { field: t(`fields.${name}`), disk })
    return vm === null || name === 'vm' ? called : t('ofVm', { vm, field: called })
  }
  return { value, field }
}
