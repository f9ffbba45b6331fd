import { DomainError } from '@driftless/domain'
import { TRPCError } from '@trpc/server'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fromDomain, refusalOf } from './errors.ts'

describe('fromDomain', () => {
  it.each([['WAVE_UNKNOWN', 'NOT_FOUND'], ['SLOT_TAKEN', 'CONFLICT'], ['FORBIDDEN', 'FORBIDDEN']])('%s → %s', (code, trpc) => expect(fromDomain(new DomainError(code, 'no')).code).toBe(trpc))
})

describe('refusalOf', () => {
  it('keeps a rule’s code and what it names', () => {
    expect(refusalOf(fromDomain(new DomainError('CUTOVER_FROZEN', 'no', { vm: 'db-01' })), 'r1')).toEqual({ code: 'CUTOVER_FROZEN', params: { vm: 'db-01' }, requestId: 'r1' })
  })
  it('names the field that was wrong', () => {
    const parsed = z.object({ vms: z.array(z.object({ cpus: z.number() })) }).safeParse({ vms: [{ cpus: 'two' }] })
    expect(refusalOf(new TRPCError({ code: 'BAD_REQUEST', cause: parsed.error }), 'r2')).toEqual({ code: 'BAD_INPUT', params: { field: 'vms.0.cpus' }, requestId: 'r2' })
  })
  it('tells nothing of what nobody foresaw but its number', () => {
    expect(refusalOf(new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'connect ECONNREFUSED 10.0.0.5', cause: new Error('secret') }), 'r3')).toEqual({ code: 'UNEXPECTED', params: {}, requestId: 'r3' })
  })
  it.each([['UNAUTHORIZED', 'SIGNED_OUT'], ['FORBIDDEN', 'FORBIDDEN'], ['NOT_FOUND', 'NOT_FOUND']] as const)('%s → %s', (code, refusal) => expect(refusalOf(new TRPCError({ code }), '').code).toBe(refusal))
})
