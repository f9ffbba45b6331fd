import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import en from '../../../messages/en/auditLog.json' with { type: 'json' }

const TRANSITIONS = fileURLToPath(new URL('../../../../../packages/db/src/transitions/', import.meta.url))

/** Every action that a transition writes: quoted, with dots, in a line that calls `audit`. */
function auditedActions(): string[] {
  const lines = readdirSync(TRANSITIONS).flatMap((file) => readFileSync(`${TRANSITIONS}${file}`, 'utf8').split('\n')).filter((line) => line.includes('audit('))
  return lines.flatMap((line) => [...line.slice(line.indexOf('audit(')).matchAll(/'([a-z-]+\.[a-z-]+)'/g)].flatMap((match) => match[1] ?? []))
}

it('has a sentence and a name for every action that is written', () => {
  const actions = auditedActions()
  expect(actions.length).toBeGreaterThan(20)
  const keys = new Set(actions.map((action) => action.replaceAll(/[.-]/g, '_')))
  expect([...keys].filter((key) => !Object.hasOwn(en.sentences, key))).toEqual([])
  expect(Object.keys(en.actions).sort()).toEqual(Object.keys(en.sentences).sort())
})
