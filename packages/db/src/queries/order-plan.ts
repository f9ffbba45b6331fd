type Planned = {
  readonly sourceAgentId: string | null
  readonly targetAgentId: string | null
  readonly cpus: number
  readonly memoryBytes: bigint
  readonly network: string
  readonly storage: string
  readonly vm: { readonly ref: string; readonly name: string }
  readonly replications: readonly { readonly diskKey: string; readonly sizeBytes: bigint }[]
}

/** What an approver's go is about, as an order states it; null while no agents were chosen. Sizes in bytes. */
export function orderPlanOf({ sourceAgentId, targetAgentId, cpus, memoryBytes, network, storage, vm, replications }: Planned) {
  if (sourceAgentId === null || targetAgentId === null || replications.length === 0) return null
  return {
    sourceAgentId, targetAgentId, vmRef: vm.ref, name: vm.name, cpus, memoryBytes: Number(memoryBytes), network, storage,
    disks: replications.map(({ diskKey, sizeBytes }) => ({ key: diskKey, sizeBytes: Number(sizeBytes) })),
  }
}
export type PlanToOrder = NonNullable<ReturnType<typeof orderPlanOf>>
