import { MIGRATION_ENDED } from '@driftless/domain'
import { StoryFailed } from './story-failed.ts'
import type { Vm } from './vm.ts'
import type { World } from './world.ts'

/** A shipment has fewer statuses: more is a circle. */
const MOST_STEPS = 10

/** Every step of the story's shipment that nobody has to take by hand, as `apps/coordinator/src/jobs/drive-shipment.ts` takes them. */
export function driveShipment({ coordinator, shipping, rules, vms }: World): void {
  if (!coordinator.up || shipping === null) return
  const { row } = shipping
  const own = vms.filter((vm) => shipping.has(vm))
  for (let steps = 0; steps <= MOST_STEPS; steps += 1) {
    if (row.status === 'IMPORTED') for (const vm of own) if (isInStep(vm)) row.caughtUp.add(vm.row.id)
    const step = rules.nextShipmentStep({
      status: row.status,
      vms: own.map((vm) => ({ name: vm.story.name, ended: MIGRATION_ENDED.includes(vm.row.status), exported: vm.row.source?.seed?.exported ?? false, imported: vm.row.target?.seed?.imported ?? false, caughtUp: row.caughtUp.has(vm.row.id) })),
    })
    if (step.kind === 'NOTHING') return
    shipping.move(step.kind === 'MOVE' ? step.to : 'CANCELLED')
  }
  throw new StoryFailed('livelock', 'The shipment goes in circles.')
}

/** As `readShipmentFacts` has it: the target holds all that the source has, or holds the VM itself. */
function isInStep({ row }: Vm): boolean {
  const { source } = row
  return row.everReady && (row.status === 'VALIDATING' || row.status === 'COMPLETED' || (source !== null && source.connected && source.backgroundLeftBytes === 0 && source.foregroundLeftBytes === 0))
}
