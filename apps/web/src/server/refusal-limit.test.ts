import { expect, it } from 'vitest'
import { LISTED_A_MINUTE, createRefusalLimit } from './refusal-limit.ts'

it('lists so many of a person in a minute, says once that there were more, and begins anew', () => {
  const limit = createRefusalLimit()
  const turns = Array.from({ length: LISTED_A_MINUTE + 5 }, (_, index) => limit('olivia', index))
  expect(turns.filter((turn) => turn === 'LIST')).toHaveLength(LISTED_A_MINUTE)
  expect(turns.slice(LISTED_A_MINUTE)).toEqual(['SAY_MORE', 'SILENT', 'SILENT', 'SILENT', 'SILENT'])
  expect(limit('anna', 10)).toBe('LIST')
  expect(limit('olivia', 60_000)).toBe('LIST')
})
