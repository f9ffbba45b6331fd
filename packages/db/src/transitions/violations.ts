import { Prisma } from '../generated/client.ts'

/** A unique index refused the row (PostgreSQL 23505). */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
}

/** The constraint named `constraint` refused the row (exclusion 23P01, check 23514, which Prisma passes on as text). */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof Error && (error.message.includes(constraint) || JSON.stringify(error).includes(constraint))
}
