export type Billed = { readonly tenantId: string; readonly tenantName: string; readonly cpus: number; readonly memoryBytes: number; readonly diskBytes: number }

/** What billing starts come to for each customer, by name. */
export function totalsOf(rows: readonly Billed[]) {
  return [...Map.groupBy(rows, (row) => row.tenantId)]
    .map(([tenantId, own]) => ({
      tenantId, tenantName: own[0]?.tenantName ?? '', vms: own.length,
      cpus: own.reduce((sum, row) => sum + row.cpus, 0),
      memoryBytes: own.reduce((sum, row) => sum + row.memoryBytes, 0),
      diskBytes: own.reduce((sum, row) => sum + row.diskBytes, 0),
    }))
    .sort((a, b) => a.tenantName.localeCompare(b.tenantName))
}
