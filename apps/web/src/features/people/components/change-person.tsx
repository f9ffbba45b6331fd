'use client'
import { PASSWORD_RESET_MINUTES } from '@driftless/domain'
import { KeyRound, LogOut, ShieldOff, UserCheck, UserCog, UserX } from 'lucide-react'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Button } from '@/ui/button.tsx'
import { Confirm } from '@/ui/confirm.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { Field } from '@/ui/field.tsx'
import { Select } from '@/ui/select.tsx'
import { toast } from '@/ui/toaster.tsx'
import { OnceLink } from './once-link.tsx'
import type { Person } from './people-tab.tsx'
import { roleOf, useRoleOptions } from './role-options.ts'
import { useChanges } from './use-change.ts'

/** Everything an administrator may do with somebody else's account, in one place. */
export function ChangePerson({ person }: { person: Person }) {
  const t = useTranslations('people')
  const [open, setOpen] = useState(false)
  return (
    <Dialog open={open} onOpenChange={setOpen} title={person.name} description={person.email} trigger={<Button size="sm" aria-label={t('actionsOf', { name: person.name })}><UserCog aria-hidden />{t('columns.actions')}</Button>}>
      {open && <Actions person={person} />}
    </Dialog>
  )
}

function Actions({ person }: { person: Person }) {
  const t = useTranslations('people')
  const changes = useChanges()
  const { id: userId, name } = person
  if (changes.makeResetLink.data) return <div className="flex flex-col gap-3"><p className="text-sm text-muted">{t('resetLink.description', { name, minutes: PASSWORD_RESET_MINUTES })}</p><OnceLink link={changes.makeResetLink.data.link} /></div>
  if (person.deactivated) {
    return <Button busy={changes.setActive.isPending} onClick={() => changes.setActive.mutate({ userId, active: true }, { onSuccess: () => void toast.success(t('reactivate.done', { name })) })}><UserCheck aria-hidden />{t('reactivate.action')}</Button>
  }
  return (
    <div className="flex flex-col gap-5">
      <Role person={person} />
      <div className="flex flex-wrap gap-2 border-t pt-4">
        <Button busy={changes.makeResetLink.isPending} onClick={() => changes.makeResetLink.mutate({ userId })}><KeyRound aria-hidden />{t('resetLink.action')}</Button>
        <Confirm
          title={t('signOut.title', { name })} description={t('signOut.description', { name })} action={t('signOut.confirm')} trigger={<Button><LogOut aria-hidden />{t('signOut.action')}</Button>}
          onConfirm={() => changes.signOut.mutateAsync({ userId }, { onSuccess: () => void toast.success(t('signOut.done', { name })) })}
        />
        <Confirm
          title={t('resetFactors.title', { name })} description={t('resetFactors.description', { name })} action={t('resetFactors.confirm')} trigger={<Button><ShieldOff aria-hidden />{t('resetFactors.action')}</Button>}
          onConfirm={() => changes.resetFactors.mutateAsync({ userId }, { onSuccess: ({ removed }) => void toast.success(t('resetFactors.done', { name, count: removed })) })}
        />
        <Confirm
          danger title={t('deactivate.title', { name })} description={t('deactivate.description', { name })} action={t('deactivate.confirm')} trigger={<Button variant="danger"><UserX aria-hidden />{t('deactivate.action')}</Button>}
          onConfirm={() => changes.setActive.mutateAsync({ userId, active: false }, { onSuccess: () => void toast.success(t('deactivate.done', { name })) })}
        />
      </div>
    </div>
  )
}

function Role({ person }: { person: Person }) {
  const t = useTranslations('people.role')
  const { changeRole } = useChanges()
  const options = useRoleOptions()
  const [chosen, setChosen] = useState<string>(person.role)
  const role = roleOf(chosen)
  const save = () => {
    if (role !== undefined) changeRole.mutate({ userId: person.id, role }, { onSuccess: () => void toast.success(t('done', { name: person.name })) })
  }
  return (
    <div className="flex flex-wrap items-end gap-2">
      <Field label={t('label')} hint={t('description', { name: person.name })} className="min-w-56 flex-1">{(control) => <Select {...control} value={chosen} onValueChange={setChosen} options={options(person.tenantId)} />}</Field>
      <Button variant="primary" disabled={chosen === person.role} busy={changeRole.isPending} onClick={save}>{t('save')}</Button>
    </div>
  )
}
