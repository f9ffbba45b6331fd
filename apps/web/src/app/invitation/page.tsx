import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { InvitationPage } from '@/features/access/components/invitation-page.tsx'
import { brandOf } from '@/server/brand.ts'

export async function generateMetadata(): Promise<Metadata> {
  // What stands behind the # is in no referrer; who this page's links lead to need not know of it at all.
  return { title: (await getTranslations('access.invitation'))('title'), referrer: 'no-referrer' }
}

export default async function Page() {
  return <InvitationPage brandName={(await brandOf(null))?.name ?? null} />
}
