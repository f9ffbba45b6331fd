/** What the billing ledger says of one VM: it left the source's bill, came to the target, or left there again. */
export const BILLING_KINDS = ['SOURCE_ENDED', 'TARGET_STARTED', 'TARGET_ENDED'] as const
export type BillingKind = (typeof BILLING_KINDS)[number]

/** One entry. `stay` numbers the VM's stays at the target, by the cutover attempt that led there; sizes are those that were accepted. */
export type LedgerEntry = {
  readonly migrationId: string
  readonly kind: BillingKind
  readonly stay: number
  readonly atMs: number
  /** When the ledger heard of it. */
  readonly recordedAtMs: number
  readonly cpus: number
  readonly memoryMib: bigint
  readonly diskMib: bigint
}

/** Whole units times whole seconds: no rounding, so that parts always add up to the whole. */
export type Usage = { readonly vmSeconds: bigint; readonly vcpuSeconds: bigint; readonly memoryMibSeconds: bigint; readonly diskMibSeconds: bigint }

export const NO_USAGE: Usage = { vmSeconds: 0n, vcpuSeconds: 0n, memoryMibSeconds: 0n, diskMibSeconds: 0n }

export function addUsage(a: Usage, b: Usage): Usage {
  return { vmSeconds: a.vmSeconds + b.vmSeconds, vcpuSeconds: a.vcpuSeconds + b.vcpuSeconds, memoryMibSeconds: a.memoryMibSeconds + b.memoryMibSeconds, diskMibSeconds: a.diskMibSeconds + b.diskMibSeconds }
}

export function subtractUsage(a: Usage, b: Usage): Usage {
  return { vmSeconds: a.vmSeconds - b.vmSeconds, vcpuSeconds: a.vcpuSeconds - b.vcpuSeconds, memoryMibSeconds: a.memoryMibSeconds - b.memoryMibSeconds, diskMibSeconds: a.diskMibSeconds - b.diskMibSeconds }
}

export function isNoUsage({ vmSeconds, vcpuSeconds, memoryMibSeconds, diskMibSeconds }: Usage): boolean {
  return vmSeconds === 0n && vcpuSeconds === 0n && memoryMibSeconds === 0n && diskMibSeconds === 0n
}

/** One VM at the target, from when until when; null: it is there still. */
export type Stay = { readonly migrationId: string; readonly stay: number; readonly startedAtMs: number; readonly endedAtMs: number | null; readonly cpus: number; readonly memoryMib: bigint; readonly diskMib: bigint }

/**
 * The stays that entries come to, whatever their order and however often each is there. Of two that say the same in
 * different words the one recorded first counts. An end without its start is no stay (its start may come yet), and a
 * stay that was never ended ends when the VM's next one begins: a VM is never billed twice for one moment.
 */
export function staysOf(entries: readonly LedgerEntry[]): Stay[] {
  const first = new Map<string, LedgerEntry>()
  for (const entry of entries) {
    const key = `${entry.kind} ${entry.stay} ${entry.migrationId}`
    const known = first.get(key)
    if (known === undefined || isEarlier(entry, known)) first.set(key, entry)
  }
  const stays: Stay[] = []
  for (const [migrationId, own] of Map.groupBy(first.values(), (entry) => entry.migrationId)) {
    const starts = own.filter(({ kind }) => kind === 'TARGET_STARTED').toSorted((a, b) => a.atMs - b.atMs || a.stay - b.stay)
    starts.forEach((start, index) => {
      const ended = first.get(`TARGET_ENDED ${start.stay} ${migrationId}`)?.atMs ?? Number.POSITIVE_INFINITY
      const end = Math.max(start.atMs, Math.min(ended, starts[index + 1]?.atMs ?? Number.POSITIVE_INFINITY))
      stays.push({ migrationId, stay: start.stay, startedAtMs: start.atMs, endedAtMs: Number.isFinite(end) ? end : null, cpus: start.cpus, memoryMib: start.memoryMib, diskMib: start.diskMib })
    })
  }
  return stays.toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.migrationId < b.migrationId ? -1 : 1))
}

/** A total order, so that the choice does not depend on the order of the entries. */
function isEarlier(a: LedgerEntry, b: LedgerEntry): boolean {
  const by = (entry: LedgerEntry) => [BigInt(entry.recordedAtMs), BigInt(entry.atMs), BigInt(entry.cpus), entry.memoryMib, entry.diskMib]
  const other = by(b)
  for (const [index, value] of by(a).entries()) {
    const against = other[index] ?? 0n
    if (value !== against) return value < against
  }
  return false
}

/** What entries come to in [fromMs, toMs). Stays that go on last to the end of it. A moment counts for the second it lies in. */
export function usageOf(entries: readonly LedgerEntry[], fromMs: number, toMs: number): Usage {
  return staysOf(entries).map((stay) => usageOfStay(stay, fromMs, toMs)).reduce(addUsage, NO_USAGE)
}

/** One stay's share of [fromMs, toMs). */
export function usageOfStay(stay: Stay, fromMs: number, toMs: number): Usage {
  const seconds = wholeSecond(Math.min(stay.endedAtMs ?? toMs, toMs)) - wholeSecond(Math.max(stay.startedAtMs, fromMs))
  if (seconds <= 0n) return NO_USAGE
  return { vmSeconds: seconds, vcpuSeconds: seconds * BigInt(stay.cpus), memoryMibSeconds: seconds * stay.memoryMib, diskMibSeconds: seconds * stay.diskMib }
}

const wholeSecond = (ms: number): bigint => BigInt(Math.floor(ms / 1000))
