import { expect, it } from 'vitest'
import { scramVerifier } from './scram.ts'

it('computes the verifier that PostgreSQL computes', () => {
  // SELECT rolpassword FROM pg_authid after CREATE ROLE … PASSWORD 'driftless-vector' on PostgreSQL 18.4.
  expect(scramVerifier('driftless-vector', Buffer.from('g6rvvz6bkv8YlYdDbRtRrg==', 'base64'))).toBe(
    'SCRAM-SHA-256$4096:g6rvvz6bkv8YlYdDbRtRrg==$gX3QVLSs0MMwBo+pND8L0kKa5jPhhE40XBdNz306wtw=:mv2eQOWUG19E94Jaw2v5MtGT9fZrGU7NjZzqWA3r4Y4=',
  )
})
