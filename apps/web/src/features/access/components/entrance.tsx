'use client'
import type { ReactNode } from 'react'
import { EntranceFrame } from '@/features/shell/components/entrance-frame.tsx'

/** A page for whoever is not signed in, its parts one below the other. */
export function Entrance({ brandName, title, lead, children }: { brandName: string | null; title: string; lead?: ReactNode; children: ReactNode }) {
  return <EntranceFrame brandName={brandName} title={title} lead={lead}><div className="mt-6 flex flex-col gap-4">{children}</div></EntranceFrame>
}
