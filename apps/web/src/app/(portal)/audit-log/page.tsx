import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { AuditLogPage } from '@/features/audit-log/components/audit-log-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('auditLog'))('title') }
}

export default function Page() {
  return <AuditLogPage />
}
