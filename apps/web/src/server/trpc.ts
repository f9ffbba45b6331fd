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
import { noteRefused } from './refused.ts'
import type { CurrentSession } from './session.ts'

export type Context = {
  /** Who may use the portal; null also for a session that may only enrol a second factor. */
  person: Person | null
  /** The session, restricted or not; left out where there is none. */
  session?: CurrentSession | null
  requestId: string
  sameOrigin: boolean
  /** Where the request came from; null: not known. */
  address: string | null
}

/** What a request's session puts into its context. */
export function contextOf(session: CurrentSession | null): Pick<Context, 'person' | 'session'> {
  return { session, person: session === null || session.restricted ? null : session.person }
}

const t = initTRPC.context<Context>().create({
  transformer: superjson,
  errorFormatter: ({ shape, error, ctx }) => {
    const refusal = refusalOf(error, ctx?.requestId ?? '')
    // Messages of unknown errors may name hosts and statements: the client gets the code and the number.
    return { ...shape, message: refusal.code === 'UNEXPECTED' ? 'Something failed.' : shape.message, data: { code: shape.data.code, httpStatus: shape.data.httpStatus, path: shape.data.path, refusal } }
  },
})

export const router = t.router

/** Whatever a signed-in person is refused below stands in the audit log, also while they lack a demanded factor. */
const recorded = t.procedure.use(async ({ ctx, path, next }) => {
  const result = await next()
  const person = ctx.person ?? ctx.session?.person ?? null
  if (!result.ok && person !== null) await noteRefused(person, ctx.address, path, refusalOf(result.error, ctx.requestId).code, result.error.message)
  return result
})

/** The one place where errors are mapped: rules keep their code, the rest is logged with the request's id. */
const mapped = recorded.use(async ({ ctx, type, path, next }) => {
  if (type === 'mutation' && !ctx.sameOrigin) throw new TRPCError({ code: 'FORBIDDEN', message: 'Changes are accepted from the portal itself only.' })
  const result = await next()
  if (result.ok) return result
  if (result.error.cause instanceof DomainError) throw fromDomain(result.error.cause)
  if (result.error.code === 'INTERNAL_SERVER_ERROR') log().error({ err: result.error.cause ?? result.error, requestId: ctx.requestId, path }, 'a request failed')
  return result
})

/** Anybody at all: signing in. */
export const publicProcedure = mapped

const signedOut = () => new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first.' })

/** Anybody who is signed in as their organisation demands. SECOND_FACTOR_REQUIRED while a factor is missing. */
export const authenticated = mapped.use(({ ctx, next }) => {
  const { person } = ctx
  if (person === null) throw ctx.session?.restricted === true ? new DomainError('SECOND_FACTOR_REQUIRED', 'Your organisation demands a second factor. Set one up on your account page first.') : signedOut()
  return next({ ctx: { person } })
})

/** One transaction in the person's own scope; row-level security does the rest. */
export type InScope = <T>(work: (tx: ScopedTx) => Promise<T>) => Promise<T>
const within = (scope: Scope): InScope => (work) => inScope(db(), scope, work)

/** A person's own account. `enrolling`: also while a demanded factor is missing, which is what such a session is for. */
export const accountProcedure = ({ enrolling }: { enrolling: boolean }) =>
  (enrolling ? mapped : authenticated).use(({ ctx, next }) => {
    const { session } = ctx
    if (!session) throw signedOut()
    const { person } = session
    return next({ ctx: { session, person, inScope: within(scopeOf(person, ctx.address)) } })
  })

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
