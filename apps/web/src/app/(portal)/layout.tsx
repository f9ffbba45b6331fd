import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { AccountPage } from '@/features/account/components/account-page.tsx'
import { AppShell } from '@/features/shell/components/app-shell.tsx'
import { tenantName } from '@/features/shell/server/tenant-name.ts'
import { currentSession } from '@/server/auth.ts'
import { brandOf } from '@/server/brand.ts'

export default async function PortalLayout({ children }: { children: ReactNode }) {
  const session = await currentSession()
  if (session === null) redirect('/sign-in')
  const { person, restricted } = session
  const brand = await brandOf(person.providerId)
  return (
    <AppShell brandName={brand?.name ?? null} tenantName={await tenantName(person)} person={{ name: person.name, email: person.email, role: person.role }} restricted={restricted}>
      {/* While a demanded factor is missing every address leads to where it is set up; what the pages ask for is refused as well. */}
      {restricted ? <AccountPage /> : children}
    </AppShell>
  )
}
