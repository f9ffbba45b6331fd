import { describe, expect, it } from 'vitest'
import { followsInRounds, restsOnSimulator } from './capabilities.ts'
import type { DeclaredCapability } from './capabilities.ts'

const capability = (name: string, available = true, verified: DeclaredCapability['verified'] = 'REAL'): DeclaredCapability => ({ name, available, verified })

describe('followsInRounds', () => {
  it.each<[string, DeclaredCapability[], boolean]>([
    ['a tap sees every write', [capability('LIVE_TAP')], false],
    ['changed blocks alone', [capability('CHANGED_BLOCKS'), capability('LIVE_TAP', false)], true],
    ['both: the tap is used', [capability('CHANGED_BLOCKS'), capability('LIVE_TAP')], false],
    ['neither: nothing is followed', [capability('CHANGED_BLOCKS', false)], false],
    ['nothing was declared', [], false],
  ])('%s', (_name, declared, wanted) => expect(followsInRounds(declared)).toBe(wanted))
})

describe('restsOnSimulator', () => {
  it.each<[string, DeclaredCapability[], boolean]>([
    ['seen on the real platform', [capability('INVENTORY')], false],
    ['one of them only simulated', [capability('INVENTORY'), capability('CHANGED_BLOCKS', true, 'SIMULATOR')], true],
    ['only what is not there anyway', [capability('INVENTORY'), capability('IO_FILTER', false, 'SIMULATOR')], false],
  ])('%s', (_name, declared, wanted) => expect(restsOnSimulator(declared)).toBe(wanted))
})
