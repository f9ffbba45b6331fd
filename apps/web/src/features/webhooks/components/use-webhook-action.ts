'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { toast } from '@/ui/toaster.tsx'

/** What every action on a webhook does afterwards: say that it worked or why not, and show the new state. */
export function useWebhookAction() {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const errorText = useErrorText()
  const refresh = () => queries.invalidateQueries({ queryKey: trpc.webhooks.pathKey() })
  return {
    refresh,
    done: (message: string) => {
      toast.success(message)
      void refresh()
    },
    failed: (error: unknown) => {
      toast.error(errorText(error))
      void refresh()
    },
  }
}
