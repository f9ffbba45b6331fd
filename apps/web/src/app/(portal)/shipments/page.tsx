import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { ShipmentsPage } from '@/features/shipments/components/shipments-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('shipments'))('title') }
}

export default function Page() {
  return <ShipmentsPage />
}
