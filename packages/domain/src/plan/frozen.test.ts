import { expect, it } from 'vitest'
import { isPlanFrozen } from './frozen.ts'

it.each([
  ['READY_FOR_CUTOVER', [], false], ['CUTTING_OVER', ['PREFLIGHT'], false], ['CUTTING_OVER', ['GO_NO_GO'], false], ['CUTTING_OVER', ['SOURCE_QUIESCING'], true], ['VALIDATING', ['COMMITTED'], true],
  ['READY_FOR_CUTOVER', ['ROLLED_BACK'], false], ['COMPLETED', ['COMMITTED'], true], ['CANCELLED', [], true], ['CUTTING_OVER', ['ROLLED_BACK', 'GO_NO_GO'], false],
] as const)('%s with attempts %j is frozen: %j', (status, attempts, frozen) => expect(isPlanFrozen(status, attempts.at(-1))).toBe(frozen))
