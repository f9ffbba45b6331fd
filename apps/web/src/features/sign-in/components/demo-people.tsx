'use client'
import { useTranslations } from 'next-intl'
import { DEMO_PASSWORD, DEMO_PEOPLE } from '../demo-people.ts'

/** The demo's people; choosing one fills in the form. */
export function DemoPeople({ onChoose }: { onChoose: (credentials: { email: string; password: string }) => void }) {
  const t = useTranslations('signIn.demo')
  return (
    <section aria-labelledby="demo-people" className="mt-8 rounded-xl border bg-surface p-4 shadow-sm">
      <h2 id="demo-people" className="text-sm font-semibold">{t('title')}</h2>
      <p className="mt-0.5 text-xs text-muted">{t('description', { password: DEMO_PASSWORD })}</p>
      <ul className="mt-2 -mx-2">
        {DEMO_PEOPLE.map(({ key, email }) => (
          <li key={key}>
            <button type="button" onClick={() => onChoose({ email, password: DEMO_PASSWORD })} className="w-full rounded-md px-2 py-1.5 text-left hover:bg-sunken">
              <span className="block text-sm font-medium">{t(`people.${key}`)}</span>
              <span className="block text-xs text-muted">{email}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
