'use client'
import { may } from '@driftless/domain'
import type { Permission, UserRole } from '@driftless/domain'
import { createContext, use } from 'react'
import type { ReactNode } from 'react'

export type ShownPerson = { name: string; email: string; role: UserRole }
const Person = createContext<ShownPerson | null>(null)

export function PersonProvider({ person, children }: { person: ShownPerson; children: ReactNode }) {
  return <Person value={person}>{children}</Person>
}

/** Who is signed in. For showing only: the server decides what is allowed. */
export function usePerson(): ShownPerson {
  const person = use(Person)
  if (person === null) throw new Error('usePerson stands outside the signed-in part of the portal.')
  return person
}

/** Whether to offer an action at all. */
export function useMay(permission: Permission): boolean {
  return may(usePerson().role, permission)
}
