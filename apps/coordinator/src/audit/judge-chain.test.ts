import type { Anchor } from '@driftless/audit-chain'
import { expect, it } from 'vitest'
import { judgeChain } from './judge-chain.ts'

const A = 'a'.repeat(64)
const B = 'b'.repeat(64)
const published = (sequence: number, hash: string): Anchor => ({ chain: 'tenant/alpine', sequence, hash, at: '2026-11-29T03:00:00.000Z', key: '', signature: '' })

it.each([
  ['nothing at all', { head: null, presentHash: null, noted: 0 }, null, { kind: 'FITS' }],
  ['a new chain', { head: { sequence: 3, hash: A }, presentHash: null, noted: 0 }, null, { kind: 'PUBLISH', lost: false }],
  ['one that has not moved', { head: { sequence: 3, hash: A }, presentHash: A, noted: 3 }, published(3, A), { kind: 'FITS' }],
  ['one that has moved', { head: { sequence: 4, hash: B }, presentHash: A, noted: 3 }, published(3, A), { kind: 'PUBLISH', lost: false }],
  ['an anchor that was not noted, as a coordinator was killed', { head: { sequence: 4, hash: B }, presentHash: A, noted: 2 }, published(3, A), { kind: 'PUBLISH', lost: false }],
  ['an anchor that is gone', { head: { sequence: 3, hash: A }, presentHash: null, noted: 3 }, null, { kind: 'PUBLISH', lost: true }],
  ['an anchor that is an older one', { head: { sequence: 4, hash: B }, presentHash: A, noted: 4 }, published(3, A), { kind: 'PUBLISH', lost: true }],
  ['a database that ends earlier', { head: { sequence: 2, hash: A }, presentHash: null, noted: 2 }, published(3, A), { kind: 'DATABASE_BEHIND' }],
  ['a chain that is gone', { head: null, presentHash: null, noted: 0 }, published(3, A), { kind: 'DATABASE_BEHIND' }],
  ['another head', { head: { sequence: 3, hash: B }, presentHash: B, noted: 3 }, published(3, A), { kind: 'DATABASE_DIFFERS' }],
  ['a chain that went on from an older copy', { head: { sequence: 9, hash: B }, presentHash: B, noted: 2 }, published(3, A), { kind: 'DATABASE_DIFFERS' }],
  ['an entry that is missing inside', { head: { sequence: 9, hash: B }, presentHash: null, noted: 3 }, published(3, A), { kind: 'DATABASE_DIFFERS' }],
])('judges %s', (_, view, anchor, expected) => expect(judgeChain(view, anchor)).toMatchObject(expected))
