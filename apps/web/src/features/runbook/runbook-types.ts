import type { Outputs } from '@/client/trpc.ts'

export type RunbookReading = Outputs['runbook']['read']
export type Book = NonNullable<RunbookReading['book']>
export type BookEntry = Book['entries'][number]
export type VmPreflight = RunbookReading['preflight'][number]
