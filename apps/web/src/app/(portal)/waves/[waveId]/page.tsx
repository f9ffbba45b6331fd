import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { WavePage } from '@/features/wave/components/wave-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('wave'))('title') }
}

export default async function Page({ params }: { params: Promise<{ waveId: string }> }) {
  return <WavePage waveId={(await params).waveId} />
}
