import type { CutoverPlan } from '@driftless/domain'
import { describe, expect, it } from 'vitest'
import { draftOf } from '@/features/plan/agreement-draft.ts'
import { changeOf, moved, vmDrafts } from './plan-draft.ts'

const ZONE = 'Europe/Zurich'
const plan: CutoverPlan = {
  mode: 'SCHEDULED', parallelCutovers: 1, shutdownSeconds: 120, shutdownRefusal: 'ABORT', validationMinutes: 60, validationDefault: 'ACCEPT', keepWayBack: false, window: null,
  vms: [
    // An amount that no short number of GiB is, and a moment with seconds.
    { migrationId: 'a', name: 'db', vmRef: 'db', sourceAgentId: null, targetAgentId: null, network: 'lan', storage: 'gold', cpus: 2, memoryBytes: 1_000_000_001, disks: [], dependsOnIds: [], apartGroup: null, cutoverAt: '2026-11-29T20:00:31.250Z' },
    { migrationId: 'b', name: 'web', vmRef: 'web', sourceAgentId: null, targetAgentId: null, network: 'lan', storage: 'gold', cpus: 2, memoryBytes: 2 * 1024 ** 3, disks: [], dependsOnIds: ['a'], apartGroup: 'front', cutoverAt: null },
  ],
}
const agreement = draftOf(plan)
const [db, web] = vmDrafts(plan, ZONE)

describe('a plan that is typed over', () => {
  it('is exactly what it was where nothing was touched', () => {
    expect(changeOf(plan, plan.mode, agreement, vmDrafts(plan, ZONE), ZONE)?.vms).toMatchObject([{ memoryBytes: 1_000_000_001, cutoverAt: new Date('2026-11-29T20:00:31.250Z'), dependsOnIds: [], apartGroup: null }, { dependsOnIds: ['a'], apartGroup: 'front', cutoverAt: null }])
  })
  it('takes what was typed', () => {
    if (!db || !web) throw new Error('The plan has two VMs.')
    const change = changeOf(plan, plan.mode, { ...agreement, validation: '240' }, [web, { ...db, memoryGib: '4', cpus: '3', apartGroup: ' front ', moment: '2026-11-30T01:30' }], ZONE)
    expect(change).toMatchObject({ validationMinutes: 240, vms: [{ migrationId: 'b' }, { migrationId: 'a', cpus: 3, memoryBytes: 4 * 1024 ** 3, apartGroup: 'front', cutoverAt: new Date('2026-11-30T00:30:00Z') }] })
  })
  it('has no moments in a mode that knows none', () => expect(changeOf(plan, 'AUTOMATIC', agreement, vmDrafts(plan, ZONE), ZONE)?.vms.map(({ cutoverAt }) => cutoverAt)).toEqual([null, null]))
  it('is none while a size is wrong', () => expect(changeOf(plan, plan.mode, agreement, vmDrafts(plan, ZONE).map((vm) => ({ ...vm, cpus: '0' })), ZONE)).toBeNull())
})

it.each([[0, 1, 'bac'], [0, -1, 'abc'], [2, 1, 'abc'], [2, -1, 'acb']] as const)('moves place %i by %i', (index, by, order) => expect(moved(['a', 'b', 'c'], index, by).join('')).toBe(order))
