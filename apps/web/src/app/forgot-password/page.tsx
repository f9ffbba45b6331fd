import type { Metadata } from 'next'
import { getTranslations } from 'next-intl/server'
import { ForgotPasswordPage } from '@/features/access/components/forgot-password-page.tsx'
import { brandOf } from '@/server/brand.ts'
import { hasMail } from '@/server/mail.ts'

export async function generateMetadata(): Promise<Metadata> {
  // What stands behind the # is in no referrer; who this page's links lead to need not know of it at all.
  return { title: (await getTranslations('access.forgot'))('title'), referrer: 'no-referrer' }
}

export default async function Page() {
  return <ForgotPasswordPage brandName={(await brandOf(null))?.name ?? null} mails={hasMail()} />
}
