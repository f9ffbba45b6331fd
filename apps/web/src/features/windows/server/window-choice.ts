import 'server-only'
import { z } from 'zod'

/** A published slot by its key, or a time of its own; exactly one of the two. */
const choice = z.union([z.object({ slotKey: z.string().min(1).max(120) }), z.object({ startsAt: z.date(), endsAt: z.date() })])

/** The input of a procedure that takes a window, beside what else it asks for. */
export const withWindow = <Shape extends z.ZodRawShape>(shape: Shape) => z.intersection(z.object(shape), choice)
