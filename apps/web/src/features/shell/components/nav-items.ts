import { CalendarClock, ChartSpline, Gauge, LayoutDashboard, MoveRight, Receipt, ScrollText, SlidersHorizontal } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'

type NavKey = 'migrate' | 'estimate' | 'windows' | 'statistics' | 'configure' | 'audit-log' | 'overview' | 'billing'
export type NavItem = { key: NavKey; href: `/${NavKey}`; icon: LucideIcon; /** Other pages that belong to this one. */ also?: string }

const shared = {
  windows: { key: 'windows', href: '/windows', icon: CalendarClock },
  configure: { key: 'configure', href: '/configure', icon: SlidersHorizontal },
  audit: { key: 'audit-log', href: '/audit-log', icon: ScrollText },
} as const satisfies Record<string, NavItem>

export const CUSTOMER_NAV: readonly NavItem[] = [
  { key: 'migrate', href: '/migrate', icon: MoveRight, also: '/waves' },
  { key: 'estimate', href: '/estimate', icon: Gauge },
  shared.windows,
  { key: 'statistics', href: '/statistics', icon: ChartSpline },
  shared.configure,
  shared.audit,
]

export const PROVIDER_NAV: readonly NavItem[] = [
  { key: 'overview', href: '/overview', icon: LayoutDashboard, also: '/waves' },
  shared.windows,
  { key: 'billing', href: '/billing', icon: Receipt },
  shared.configure,
  shared.audit,
]
