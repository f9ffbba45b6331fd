import { z } from 'zod'

const word = z.string().trim().min(1).max(120)

/** What the log can be narrowed to; the page keeps the same in its address. */
export const auditFilter = z.object({
  text: word.optional(),
  actor: word.optional(),
  actorKind: z.enum(['USER', 'AGENT', 'COORDINATOR', 'SYSTEM']).optional(),
  address: word.optional(),
  chain: word.optional(),
  refusals: z.boolean().optional(),
  action: word.optional(),
  subjectKind: word.optional(),
  subjectId: word.optional(),
  from: z.date().optional(),
  to: z.date().optional(),
})
