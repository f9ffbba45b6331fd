'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { toast } from '@/ui/toaster.tsx'

/** What every action on a wave does afterwards: say that it worked or why not, and show the new state. */
export function useWaveAction() {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const errorText = useErrorText()
  return {
    done: (message: string) => {
      toast.success(message)
      void queries.invalidateQueries({ queryKey: trpc.wave.pathKey() })
      void queries.invalidateQueries({ queryKey: trpc.migrate.pathKey() })
    },
    failed: (error: unknown) => {
      toast.error(errorText(error))
    },
  }
}
