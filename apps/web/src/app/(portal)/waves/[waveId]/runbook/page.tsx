import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { RunbookPage } from '@/features/runbook/components/runbook-page.tsx'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('runbook'))('title') }
}

export default async function Page({ params }: { params: Promise<{ waveId: string }> }) {
  return <RunbookPage waveId={(await params).waveId} />
}
