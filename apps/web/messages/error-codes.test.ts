import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import en from './en/index.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** Agents hear these, not people. */
const FOR_AGENTS = ['enrol-agent.ts']
/** Where rules that a person can meet say no. */
const PLACES = ['packages/domain/src', 'packages/db/src', 'apps/web/src']

function sourcesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') && !FOR_AGENTS.includes(entry.name) && !entry.parentPath.includes('generated'))
    .map((entry) => join(entry.parentPath, entry.name))
}

it('has a sentence for every rule that can say no', () => {
  const codes = PLACES.flatMap((place) => sourcesUnder(join(ROOT, place))).flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/new DomainError\(\s*'([A-Z_]+)'/g)].map((match) => match[1] ?? ''))
  expect(codes.length).toBeGreaterThan(20)
  expect([...new Set(codes)].filter((code) => !Object.hasOwn(en.errors, code))).toEqual([])
})
