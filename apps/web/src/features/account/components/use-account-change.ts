'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { isPasskeyTrouble } from '@/features/sign-in/components/passkey-button.tsx'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { toast } from '@/ui/toaster.tsx'
import { Cancelled, useSensitive } from './sensitive.tsx'

/** A change of the account that may have to be confirmed; afterwards what is shown is read anew. `quiet`: the caller shows what went wrong. */
export function useAccountChange<T = void, R = unknown>(work: (input: T) => Promise<R>, { onDone, quiet = false }: { onDone?: (result: R) => void; quiet?: boolean } = {}) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const sensitive = useSensitive()
  const errorText = useErrorText()
  return useMutation({
    mutationFn: (input: T) => sensitive(() => work(input)),
    onSuccess: (result) => onDone?.(result),
    onError: (error) => {
      if (!quiet && !(error instanceof Cancelled) && !isPasskeyTrouble(error)) toast.error(errorText(error))
    },
    onSettled: () => queries.invalidateQueries({ queryKey: trpc.account.pathKey() }),
  })
}
