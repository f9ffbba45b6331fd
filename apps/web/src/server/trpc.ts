import 'server-only'
import { inScope } from '@driftless/db'
import type { Scope, ScopedTx } from '@driftless/db'
import { DomainError, isProviderRole, may } from '@driftless/domain'
import type { Permission } from '@driftless/domain'
import { initTRPC, TRPCError } from '@trpc/server'
import superjson from 'superjson'
import { db } from './db.ts'
import { fromDomain, refusalOf } from './errors.ts'
import { log } from './log.ts'
import { scopeOf } from './person.ts'
import type { Person } from './person.ts'

export type Context = { person: Person | null; requestId: string; sameOrigin: boolean; /** Where the request came from; null: not known. */ address: string | null }

const t = initTRPC.context<Context>().create({
  transformer: superjson,
  errorFormatter: ({ shape, error, ctx }) => {
    const refusal = refusalOf(error, ctx?.requestId ?? '')
    // Messages of unknown errors may name hosts and statements: the client gets the code and the number.
    return { ...shape, message: refusal.code === 'UNEXPECTED' ? 'Something failed.' : shape.message, data: { code: shape.data.code, httpStatus: shape.data.httpStatus, path: shape.data.path, refusal } }
  },
})

export const router = t.router

/** The one place where errors are mapped: rules keep their code, the rest is logged with the request's id. */
const mapped = t.procedure.use(async ({ ctx, type, path, next }) => {
  if (type === 'mutation' && !ctx.sameOrigin) throw new TRPCError({ code: 'FORBIDDEN', message: 'Changes are accepted from the portal itself only.' })
  const result = await next()
  if (result.ok) return result
  if (result.error.cause instanceof DomainError) throw fromDomain(result.error.cause)
  if (result.error.code === 'INTERNAL_SERVER_ERROR') log().error({ err: result.error.cause ?? result.error, requestId: ctx.requestId, path }, 'a request failed')
  return result
})

/** Anybody, signed in or not: what leads in. Whoever asks must hold a secret, or learns what strangers may know. */
export const publicProcedure = mapped

/** Anybody who is signed in. */
export const authenticated = mapped.use(({ ctx, next }) => {
  const { person } = ctx
  if (person === null) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first.' })
  return next({ ctx: { person } })
})

/** One transaction in the person's own scope; row-level security does the rest. */
export type InScope = <T>(work: (tx: ScopedTx) => Promise<T>) => Promise<T>
const within = (scope: Scope): InScope => (work) => inScope(db(), scope, work)

function demand(person: Person, permission: Permission | undefined): void {
  if (permission !== undefined && !may(person.role, permission)) throw new TRPCError({ code: 'FORBIDDEN', message: `The role ${person.role} may not do this (${permission}).` })
}

/** A customer's person with `permission` (none: may look). The transaction sees that tenant alone. */
export const tenantProcedure = (permission?: Permission) =>
  authenticated.use(({ ctx, next }) => {
    const { person } = ctx
    if (person.tenantId === null) throw new TRPCError({ code: 'FORBIDDEN', message: "This belongs to the customers' people." })
    demand(person, permission)
    return next({ ctx: { tenantId: person.tenantId, inScope: within(scopeOf(person, ctx.address)) } })
  })

/** The provider's staff with `permission` (none: may look). The transaction sees that provider's tenants. */
export const providerProcedure = (permission?: Permission) =>
  authenticated.use(({ ctx, next }) => {
    const { person } = ctx
    if (!isProviderRole(person.role) || person.tenantId !== null) throw new TRPCError({ code: 'FORBIDDEN', message: "This belongs to the provider's staff." })
    demand(person, permission)
    return next({ ctx: { inScope: within(scopeOf(person, ctx.address)) } })
  })

/** Either, each in their own scope: pages that customers and staff share. */
export const memberProcedure = (permission?: Permission) =>
  authenticated.use(({ ctx, next }) => {
    demand(ctx.person, permission)
    return next({ ctx: { inScope: within(scopeOf(ctx.person, ctx.address)) } })
  })
