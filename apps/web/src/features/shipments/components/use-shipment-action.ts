'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/client/trpc.ts'
import { useErrorText } from '@/client/use-error-text.ts'
import { toast } from '@/ui/toaster.tsx'

/** What every act on a shipment does afterwards: say that it worked or why not, and show how things stand. */
export function useShipmentAction() {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const errorText = useErrorText()
  return {
    done: (message: string) => {
      toast.success(message)
      for (const queryKey of [trpc.shipments.pathKey(), trpc.inbox.pathKey(), trpc.wave.pathKey()]) void queries.invalidateQueries({ queryKey })
    },
    failed: (error: unknown) => void toast.error(errorText(error)),
  }
}
