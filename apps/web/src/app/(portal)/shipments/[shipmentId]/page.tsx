import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { ShipmentPage } from '@/features/shipments/components/shipment-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('shipments'))('one') }
}

export default async function Page({ params }: { params: Promise<{ shipmentId: string }> }) {
  return <ShipmentPage shipmentId={(await params).shipmentId} />
}
