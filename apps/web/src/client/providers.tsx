'use client'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createTRPCClient, httpBatchStreamLink } from '@trpc/client'
import { setNonce } from 'get-nonce'
import { ThemeProvider } from 'next-themes'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import { useState } from 'react'
import type { ReactNode } from 'react'
import superjson from 'superjson'
import type { AppRouter } from '@/server/root-router.ts'
import { Toaster } from '@/ui/toaster.tsx'
import { TooltipProvider } from '@/ui/tooltip.tsx'
import { leaveWhenEnded } from './leave-when-ended.ts'
import { TRPCProvider } from './trpc.ts'
import { isRefusal } from './refusal.ts'
import { TimeZoneSync } from './time-zone-sync.tsx'

/** As many calls as the server takes at once. */
const MAX_BATCH = 20

/** Everything a page's client components rely on. */
export function Providers({ nonce, children }: { nonce: string | undefined; children: ReactNode }) {
  // Dialogs keep the page behind them from scrolling with a style element of their own.
  if (nonce !== undefined) setNonce(nonce)
  const [queryClient] = useState(() => new QueryClient({
    queryCache: new QueryCache({ onError: leaveWhenEnded }),
    mutationCache: new MutationCache({ onError: leaveWhenEnded }),
    // A refusal stays a refusal: only what failed to arrive is tried again.
    defaultOptions: { queries: { staleTime: 2_000, retry: (count, error) => count < 2 && !isRefusal(error) } },
  }))
  const [client] = useState(() => createTRPCClient<AppRouter>({
    links: [httpBatchStreamLink({ url: '/api/trpc', transformer: superjson, maxItems: MAX_BATCH })],
  }))
  return (
    <ThemeProvider attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange {...(nonce === undefined ? {} : { nonce })}>
      <QueryClientProvider client={queryClient}>
        <TRPCProvider trpcClient={client} queryClient={queryClient}>
          <NuqsAdapter>
            <TooltipProvider delayDuration={250}>{children}</TooltipProvider>
            <Toaster />
            <TimeZoneSync />
          </NuqsAdapter>
        </TRPCProvider>
      </QueryClientProvider>
    </ThemeProvider>
  )
}
