import type { CutoverMode, CutoverPlan } from '@driftless/domain'
import { GIBIBYTE, parseSize } from '@/features/migrate/components/wizard/draft.ts'
import type { Mapping } from '@/features/migrate/components/wizard/draft.ts'
import { agreementOf } from '@/features/plan/agreement-draft.ts'
import type { Agreement, AgreementDraft } from '@/features/plan/agreement-draft.ts'
import { fromLocalInput, toLocalInput } from '@/features/windows/time/local-time.ts'

/** How one VM is moved, as typed; `moment` as a `datetime-local` field holds it. */
export type VmDraft = Mapping & { readonly migrationId: string; readonly name: string; readonly dependsOnIds: readonly string[]; readonly apartGroup: string; readonly moment: string }

/** The present plan's VMs as they are typed over, moments by the clocks of `zone`. */
export function vmDrafts(plan: CutoverPlan, zone: string): VmDraft[] {
  return plan.vms.map((vm) => ({
    migrationId: vm.migrationId, name: vm.name, network: vm.network, storage: vm.storage, cpus: String(vm.cpus), memoryGib: String(vm.memoryBytes / GIBIBYTE),
    dependsOnIds: vm.dependsOnIds, apartGroup: vm.apartGroup ?? '', moment: vm.cutoverAt === null ? '' : toLocalInput(new Date(vm.cutoverAt), zone),
  }))
}

/** The VM at `index` changes places with its neighbour `by` places on; at either end nothing moves. */
export function moved<T>(list: readonly T[], index: number, by: 1 | -1): T[] {
  const [one, other] = [list[index], list[index + by]]
  return one === undefined || other === undefined ? [...list] : list.with(index, other).with(index + by, one)
}

export type PlannedChange = Agreement & {
  readonly cutoverMode: CutoverMode
  readonly vms: { migrationId: string; network: string; storage: string; cpus: number; memoryBytes: number; dependsOnIds: string[]; apartGroup: string | null; cutoverAt: Date | null }[]
}

/** What was typed, as the server takes it; null while something is wrong. What was not touched keeps its exact value. */
export function changeOf(before: CutoverPlan, mode: CutoverMode, agreement: AgreementDraft, vms: readonly VmDraft[], zone: string): PlannedChange | null {
  const agreed = agreementOf(agreement)
  const untouched = new Map(vmDrafts(before, zone).map((draft, index) => [draft.migrationId, { draft, vm: before.vms[index] }]))
  const rows = vms.map((draft) => {
    const size = parseSize(draft)
    const old = untouched.get(draft.migrationId)
    if (size === null) return null
    // A field of minutes would cut the seconds off a moment that nobody has touched, and one of GiB may round.
    const cutoverAt = old !== undefined && draft.moment === old.draft.moment ? (old.vm?.cutoverAt ? new Date(old.vm.cutoverAt) : null) : fromLocalInput(draft.moment, zone)
    const memoryBytes = old !== undefined && draft.memoryGib === old.draft.memoryGib ? (old.vm?.memoryBytes ?? size.memoryBytes) : size.memoryBytes
    return { migrationId: draft.migrationId, network: draft.network, storage: draft.storage, cpus: size.cpus, memoryBytes, dependsOnIds: [...draft.dependsOnIds], apartGroup: draft.apartGroup.trim() || null, cutoverAt: mode === 'SCHEDULED' ? cutoverAt : null }
  })
  const good = rows.filter((row) => row !== null)
  return agreed === null || good.length !== rows.length ? null : { ...agreed, cutoverMode: mode, vms: good }
}
