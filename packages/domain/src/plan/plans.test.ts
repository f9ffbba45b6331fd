import { describe, expect, test } from 'vitest'
import { DomainError } from '../errors.ts'
import { checkPlan } from './check-plan.ts'
import type { CutoverPlan, PlannedCutover } from './cutover-plan.ts'
import { diffPlans } from './diff-plans.ts'

const vm = (name: string, part: Partial<PlannedCutover> = {}): PlannedCutover => ({
  migrationId: `m-${name}`, name, vmRef: name, sourceAgentId: 's', targetAgentId: 't', network: 'lan', storage: 'gold', cpus: 2, memoryBytes: 1024, disks: [{ key: 'disk-0', sizeBytes: 10 }], dependsOnIds: [], apartGroup: null, cutoverAt: null, ...part,
})
const plan = (part: Partial<CutoverPlan> = {}): CutoverPlan => ({
  mode: 'SCHEDULED', parallelCutovers: 1, shutdownSeconds: 120, shutdownRefusal: 'ABORT', validationMinutes: 60, validationDefault: 'ACCEPT', keepWayBack: false,
  window: { bookingId: 'b', kind: 'CUTOVER', startsAt: '2026-11-29T20:00:00.000Z', lockoutAt: '2026-11-29T23:00:00.000Z', endsAt: '2026-11-30T00:00:00.000Z' }, vms: [vm('db'), vm('web')], ...part,
})
const refused = (wrong: CutoverPlan) => {
  try {
    checkPlan(wrong)
  } catch (error) {
    if (error instanceof DomainError) return { code: error.code, params: error.params }
    throw error
  }
  return null
}

describe('what differs between two plans', () => {
  test.each<[string, CutoverPlan, unknown[]]>([
    ['nothing', plan(), []],
    ['a setting of the wave', plan({ shutdownRefusal: 'POWER_OFF' }), [{ vm: null, field: 'shutdownRefusal', before: 'ABORT', after: 'POWER_OFF' }]],
    ['another window', plan({ window: { bookingId: 'c', kind: 'CUTOVER', startsAt: '2026-11-29T21:00:00.000Z', lockoutAt: '2026-11-29T23:00:00.000Z', endsAt: '2026-11-30T00:00:00.000Z' } }), [{ field: 'startsAt', before: '2026-11-29T20:00:00.000Z', after: '2026-11-29T21:00:00.000Z' }]],
    ['the order, once and in names', plan({ vms: [vm('web'), vm('db')] }), [{ vm: null, field: 'order', before: ['db', 'web'], after: ['web', 'db'] }]],
    ['a VM’s network and size', plan({ vms: [vm('db', { network: 'dmz', cpus: 4 }), vm('web')] }), [{ vm: 'db', field: 'network', before: 'lan', after: 'dmz' }, { vm: 'db', field: 'cpus', before: 2, after: 4 }]],
    ['a VM that waits for another', plan({ vms: [vm('db'), vm('web', { dependsOnIds: ['m-db'] })] }), [{ vm: 'web', field: 'dependsOn', before: [], after: ['db'] }]],
    ['a disk that grew and one that came', plan({ vms: [vm('db', { disks: [{ key: 'disk-0', sizeBytes: 20 }, { key: 'disk-1', sizeBytes: 5 }] }), vm('web')] }), [{ vm: 'db', disk: 'disk-0', field: 'disk', before: 10, after: 20 }, { vm: 'db', disk: 'disk-1', field: 'disk', before: null, after: 5 }]],
    ['a VM that came and one that went, without a word on order', plan({ vms: [vm('db'), vm('mail')] }), [{ field: 'vm', before: 'web', after: null }, { field: 'vm', before: null, after: 'mail' }]],
  ])('%s', (_, after, expected) => {
    const changes = diffPlans(plan(), after)
    expect(changes).toMatchObject(expected)
    expect(changes).toHaveLength(expected.length)
    expect(diffPlans(after, plan())).toHaveLength(expected.length)
  })
})

describe('a plan that contradicts itself is refused', () => {
  test.each<[string, CutoverPlan, string | null]>([
    ['a good one is not', plan({ vms: [vm('db', { cutoverAt: '2026-11-29T20:00:00.000Z' }), vm('web', { dependsOnIds: ['m-db'] })] }), null],
    ['a VM that waits for itself', plan({ vms: [vm('db', { dependsOnIds: ['m-db'] })] }), 'DEPENDENCY_CYCLE'],
    ['two that wait for each other', plan({ vms: [vm('db', { dependsOnIds: ['m-web'] }), vm('web', { dependsOnIds: ['m-db'] })] }), 'DEPENDENCY_CYCLE'],
    ['one that waits for a stranger', plan({ vms: [vm('db', { dependsOnIds: ['m-elsewhere'] })] }), 'DEPENDENCY_UNKNOWN'],
    ['a moment before the window', plan({ vms: [vm('db', { cutoverAt: '2026-11-29T19:59:59.999Z' })] }), 'MOMENT_OUTSIDE_WINDOW'],
    ['a moment at its lockout', plan({ vms: [vm('db', { cutoverAt: '2026-11-29T23:00:00.000Z' })] }), 'MOMENT_OUTSIDE_WINDOW'],
    ['a moment where nothing is booked yet is fine', plan({ window: null, vms: [vm('db', { cutoverAt: '2026-11-29T03:00:00.000Z' })] }), null],
    ['a moment in a wave that is not scheduled', plan({ mode: 'AUTOMATIC', vms: [vm('db', { cutoverAt: '2026-11-29T20:00:00.000Z' })] }), 'MOMENT_WITHOUT_MODE'],
    ['too many at once', plan({ parallelCutovers: 21 }), 'NUMBER_OUT_OF_BOUNDS'],
    ['no time to shut down', plan({ shutdownSeconds: 1 }), 'NUMBER_OUT_OF_BOUNDS'],
    ['a validation of a month', plan({ validationMinutes: 43_200 }), 'NUMBER_OUT_OF_BOUNDS'],
  ])('%s', (_, wrong, code) => expect(refused(wrong)?.code ?? null).toBe(code))

  test('and a ring is named, without those that only wait for it', () => {
    const ring = plan({ vms: [vm('app', { dependsOnIds: ['m-db'] }), vm('db', { dependsOnIds: ['m-san'] }), vm('san', { dependsOnIds: ['m-web'] }), vm('web', { dependsOnIds: ['m-db'] })] })
    expect(refused(ring)).toEqual({ code: 'DEPENDENCY_CYCLE', params: { vms: 'db, san, web' } })
  })

  test('a chain of 500 is no ring', () => {
    const vms = Array.from({ length: 500 }, (_, index) => vm(`vm-${index}`, index === 0 ? {} : { dependsOnIds: [`m-vm-${index - 1}`] }))
    expect(refused(plan({ vms }))).toBeNull()
  })
})
