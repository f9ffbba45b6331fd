import { DomainError } from '@driftless/domain'
import { problemsOf } from '../queries/hypervisor-facts.ts'

/** VM_BLOCKED, with the first of a VM's blockers, where something must be changed at its site before it can be migrated. */
export function refuseBlocked(vm: { readonly name: string; readonly blockers: unknown }): void {
  const [first] = problemsOf(vm.blockers)
  if (first) throw new DomainError('VM_BLOCKED', `${vm.name} cannot be migrated as it is: ${first.message}`, { vm: vm.name, blocker: first.message })
}
