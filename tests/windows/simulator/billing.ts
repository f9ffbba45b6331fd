import type { BillingKind } from '@driftless/domain'
import type { Vm } from './vm.ts'
import type { World } from './world.ts'

/** The ledger as `packages/db/src/transitions/bill-stay.ts` writes it: its key lets each entry in once. */
function addEntry(world: World, vm: Vm, kind: BillingKind, stay: number): boolean {
  const key = world.rules.billingKey(vm.row.id, kind, stay)
  if (world.ledger.keys.has(key)) return false
  world.ledger.keys.add(key)
  world.ledger.entries.push({ migrationId: vm.row.id, kind, stay, atMs: world.dbNowMs, recordedAtMs: world.dbNowMs, cpus: 2, memoryMib: 4096n, diskMib: 10_240n })
  world.coverage.count('billing', kind)
  return true
}

/** Said again by whoever lost a race, or much later: billed once. */
export function startBilling(world: World, vm: Vm, stay: number): void {
  if (addEntry(world, vm, 'TARGET_STARTED', stay)) addEntry(world, vm, 'SOURCE_ENDED', stay)
  repeat(world, () => startAgain(world, vm, stay))
}

function startAgain(world: World, vm: Vm, stay: number): void {
  world.coverage.count('billing', 'SAID AGAIN')
  if (addEntry(world, vm, 'TARGET_STARTED', stay)) addEntry(world, vm, 'SOURCE_ENDED', stay)
}

export function endBilling(world: World, vm: Vm, stay: number): void {
  addEntry(world, vm, 'TARGET_ENDED', stay)
  repeat(world, () => {
    world.coverage.count('billing', 'SAID AGAIN')
    addEntry(world, vm, 'TARGET_ENDED', stay)
  })
}

/** In a part of the cases it is said again, also after what came since. */
function repeat(world: World, say: () => void): void {
  if (world.dice.chance(0.3)) world.timeline.in(world.dice.between(0, 3_600_000), say)
}
