import { CalendarClock, ChartSpline, Gauge, LayoutDashboard, MoveRight, Receipt, ScrollText, SlidersHorizontal, Truck } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'

type Page = 'migrate' | 'estimate' | 'windows' | 'statistics' | 'configure' | 'audit-log' | 'shipments' | 'overview' | 'billing'
export type NavItem = { key: Page | 'usage'; href: `/${Page}`; icon: LucideIcon; /** Other pages that belong to this one. */ also?: string }

const shared = {
  windows: { key: 'windows', href: '/windows', icon: CalendarClock },
  shipments: { key: 'shipments', href: '/shipments', icon: Truck },
  statistics: { key: 'statistics', href: '/statistics', icon: ChartSpline },
  configure: { key: 'configure', href: '/configure', icon: SlidersHorizontal },
  audit: { key: 'audit-log', href: '/audit-log', icon: ScrollText },
} as const satisfies Record<string, NavItem>

export const CUSTOMER_NAV: readonly NavItem[] = [
  { key: 'migrate', href: '/migrate', icon: MoveRight, also: '/waves' },
  { key: 'estimate', href: '/estimate', icon: Gauge },
  shared.windows,
  shared.shipments,
  shared.statistics,
  { key: 'usage', href: '/billing', icon: Receipt },
  shared.configure,
  shared.audit,
]

export const PROVIDER_NAV: readonly NavItem[] = [
  { key: 'overview', href: '/overview', icon: LayoutDashboard, also: '/waves' },
  shared.windows,
  shared.shipments,
  shared.statistics,
  { key: 'billing', href: '/billing', icon: Receipt },
  shared.configure,
  shared.audit,
]
