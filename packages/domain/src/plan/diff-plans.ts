import type { CutoverPlan, PlannedCutover } from './cutover-plan.ts'

const WAVE_FIELDS = ['mode', 'parallelCutovers', 'shutdownSeconds', 'shutdownRefusal', 'validationMinutes', 'validationDefault', 'keepWayBack'] as const
const WINDOW_FIELDS = ['kind', 'startsAt', 'lockoutAt', 'endsAt'] as const
const VM_FIELDS = ['name', 'vmRef', 'sourceAgentId', 'targetAgentId', 'network', 'storage', 'cpus', 'memoryBytes', 'apartGroup', 'cutoverAt'] as const

/** What may differ between two plans; `order` is that of the VMs, `vm` that one was added or taken out. */
export const PLAN_FIELDS = [...WAVE_FIELDS, ...WINDOW_FIELDS, ...VM_FIELDS, 'order', 'vm', 'disk', 'dependsOn'] as const
export type PlanField = (typeof PLAN_FIELDS)[number]
export type PlanValue = string | number | boolean | null | readonly string[]

/** One difference. `vm`: the VM's name, null for what concerns the wave. `disk`: the disk's key. Null as a value: there was none. */
export type PlanChange = { readonly vm: string | null; readonly disk: string | null; readonly field: PlanField; readonly before: PlanValue; readonly after: PlanValue }

/** What differs, field by field and VM by VM, in the order in which a plan is read; empty: the plans say the same. */
export function diffPlans(before: CutoverPlan, after: CutoverPlan): PlanChange[] {
  const changes: PlanChange[] = []
  const note = (field: PlanField, one: PlanValue, other: PlanValue, vm: string | null = null, disk: string | null = null) => {
    if (!same(one, other)) changes.push({ vm, disk, field, before: one, after: other })
  }
  for (const field of WAVE_FIELDS) note(field, before[field], after[field])
  for (const field of WINDOW_FIELDS) note(field, before.window?.[field] ?? null, after.window?.[field] ?? null)
  const [was, is] = [byId(before), byId(after)]
  // Only what both have can be in another order; what came or went is said by itself.
  note('order', before.vms.filter((vm) => is.has(vm.migrationId)).map(({ migrationId }) => migrationId), after.vms.filter((vm) => was.has(vm.migrationId)).map(({ migrationId }) => migrationId))
  const order = changes.findIndex(({ field }) => field === 'order')
  if (order >= 0) changes[order] = { vm: null, disk: null, field: 'order', before: names(before, before.vms.map(({ migrationId }) => migrationId)), after: names(after, after.vms.map(({ migrationId }) => migrationId)) }
  for (const vm of before.vms) if (!is.has(vm.migrationId)) note('vm', vm.name, null, vm.name)
  for (const vm of after.vms) {
    const old = was.get(vm.migrationId)
    if (!old) {
      note('vm', null, vm.name, vm.name)
      continue
    }
    for (const field of VM_FIELDS) note(field, old[field], vm[field], vm.name)
    note('dependsOn', names(before, old.dependsOnIds), names(after, vm.dependsOnIds), vm.name)
    for (const key of new Set([...old.disks, ...vm.disks].map((disk) => disk.key))) note('disk', sizeOf(old, key), sizeOf(vm, key), vm.name, key)
  }
  return changes
}

const byId = (plan: CutoverPlan) => new Map(plan.vms.map((vm) => [vm.migrationId, vm]))
const names = (plan: CutoverPlan, ids: readonly string[]) => ids.map((id) => plan.vms.find((vm) => vm.migrationId === id)?.name ?? id)
const sizeOf = (vm: PlannedCutover, key: string) => vm.disks.find((disk) => disk.key === key)?.sizeBytes ?? null

function same(one: PlanValue, other: PlanValue): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other
  return one.length === other.length && one.every((value, index) => value === other[index])
}
