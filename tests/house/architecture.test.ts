import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from '@driftless/launch/setup/paths.ts'
import { missingPaths, namedPaths } from './named-paths.ts'

async function documents(): Promise<string[]> {
  const inDocs = await readdir(join(ROOT, 'docs'), { recursive: true }).catch(() => [])
  return ['ARCHITECTURE.md', 'README.md', 'SECURITY.md', ...inDocs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))].filter((name) => existsSync(join(ROOT, name)))
}

it('ARCHITECTURE.md, README.md and docs name no path that is gone', async () => {
  const names = await documents()
  expect(names).toContain('ARCHITECTURE.md')
  const missing = await Promise.all(names.map(async (name) => missingPaths(await readFile(join(ROOT, name), 'utf8'), ROOT).map((path) => `${name} names ${path}`)))
  expect(missing.flat()).toEqual([])
})

it('finds paths and leaves other things in backticks alone', () => {
  const page = '`apps/agent` and `launch/run.ts:12`, `tests/house/` but `domain` ← (`jobs`), `GET /api/trpc`, `npm start -- --play`, `@driftless/db`, `.driftless/postgres`, `packages/*/src`, `tests/NAME` and\n```\napps/none.ts\n```'
  expect(namedPaths(page)).toEqual(['apps/agent', 'launch/run.ts', 'tests/house', 'packages/*/src'])
})

it('notices a path that is gone', () => {
  expect(missingPaths('`launch/run.ts`, `launch/gone.ts` and `no-such-top/page.md`, `packages/*/src`, `packages/*/gone`', ROOT)).toEqual(['launch/gone.ts', 'no-such-top/page.md', 'packages/*/gone'])
})
