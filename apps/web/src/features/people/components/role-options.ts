'use client'
import { roleFits, USER_ROLES } from '@driftless/domain'
import { useTranslations } from 'next-intl'
import type { SelectOption } from '@/ui/select.tsx'

/** The roles of one side, each with what it may do: of customers, or (`tenantId` null) of the provider's staff. */
export function useRoleOptions(): (tenantId: string | null) => SelectOption[] {
  const t = useTranslations('people')
  return (tenantId) => USER_ROLES.filter((role) => roleFits(role, tenantId)).map((role) => ({ value: role, label: t(`roles.${role}`), detail: t(`about.${role}`) }))
}

/** A role as a select gives it back. */
export const roleOf = (value: string) => USER_ROLES.find((role) => role === value)
