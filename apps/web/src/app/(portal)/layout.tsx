import { redirect } from 'next/navigation'
import type { ReactNode } from 'react'
import { AppShell } from '@/features/shell/components/app-shell.tsx'
import { tenantName } from '@/features/shell/server/tenant-name.ts'
import { currentPerson } from '@/server/auth.ts'
import { brandOf } from '@/server/brand.ts'

export default async function PortalLayout({ children }: { children: ReactNode }) {
  const person = await currentPerson()
  if (person === null) redirect('/sign-in')
  const brand = await brandOf(person.providerId)
  return (
    <AppShell brandName={brand?.name ?? null} tenantName={await tenantName(person)} person={{ name: person.name, email: person.email, role: person.role }}>
      {children}
    </AppShell>
  )
}
