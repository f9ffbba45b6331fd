import { describe, expect, it } from 'vitest'
import { parseRate, parseSize, proposeMapping } from './draft.ts'

const destination = { networkMap: [{ source: 'vlan-20', target: 'web' }], defaultNetwork: 'apps', storages: ['gold', 'silver'] }

describe('proposeMapping', () => {
  it('takes the mapped network and the VM’s own size', () => {
    expect(proposeMapping({ network: 'vlan-20', cpus: 2, memoryBytes: 4 * 1024 ** 3 }, destination)).toEqual({ network: 'web', storage: 'gold', cpus: '2', memoryGib: '4' })
  })
  it('falls back to the default network', () => {
    expect(proposeMapping({ network: 'vlan-99', cpus: 1, memoryBytes: 512 * 1024 ** 2 }, destination)).toMatchObject({ network: 'apps', memoryGib: '0.5' })
  })
})

it.each([['', null], [' ', null], ['10', 10 * 1024 ** 2], ['1,5', 1_572_864], ['0', undefined], ['-3', undefined], ['fast', undefined]])('parseRate(%j)', (typed, rate) => expect(parseRate(typed)).toBe(rate))

it.each([['2', '4', { cpus: 2, memoryBytes: 4 * 1024 ** 3 }], ['0', '4', null], ['1.5', '4', null], ['2', '', null], ['2', '0.01', null]])('parseSize(%j, %j)', (cpus, memoryGib, size) => expect(parseSize({ network: '', storage: '', cpus, memoryGib })).toEqual(size))
