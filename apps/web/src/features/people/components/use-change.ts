'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { toast } from '@/ui/toaster.tsx'

/** The changes of somebody else's account; each reads the list anew and says in words what went wrong. */
export function useChanges() {
  const trpc = useTRPC()
  const client = useQueryClient()
  const errorText = useErrorText()
  const options = { onSettled: () => client.invalidateQueries({ queryKey: trpc.people.list.queryKey() }), onError: (error: unknown) => void toast.error(errorText(error)) }
  return {
    changeRole: useMutation(trpc.people.changeRole.mutationOptions(options)),
    setActive: useMutation(trpc.people.setActive.mutationOptions(options)),
    signOut: useMutation(trpc.people.signOut.mutationOptions(options)),
    makeResetLink: useMutation(trpc.people.makeResetLink.mutationOptions(options)),
    resetFactors: useMutation(trpc.people.resetFactors.mutationOptions(options)),
    renew: useMutation(trpc.people.renewInvitation.mutationOptions(options)),
    withdraw: useMutation(trpc.people.withdrawInvitation.mutationOptions(options)),
  }
}
