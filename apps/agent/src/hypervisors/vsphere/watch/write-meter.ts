import { sleep } from '../../../sleep.ts'
import { diskInstances } from './disk-instances.ts'
import { DiskPerformance } from './disk-performance.ts'
import type { TappedVms } from '../rounds/tapped-vms.ts'
import type { VCenter } from '../connection/vcenter.ts'

/** A host makes a sample every 20 s. */
const EVERY_MS = 20_000

/**
 * Counts what tapped VMs write, by their hosts' own counters: changed blocks tell which blocks changed, not how often they were
 * written nor how long that took. `whoIsOff`: names of VMs that are off, which write nothing and are not counted.
 */
export async function meterWrites(vcenter: VCenter, tapped: TappedVms, whoIsOff: () => Promise<readonly string[]>, signal: AbortSignal): Promise<void> {
  const performance = new DiskPerformance(vcenter)
  while (!signal.aborted) {
    await sleep(EVERY_MS, signal).catch(() => {})
    const vms = new Map(tapped.all().map((frozen) => [frozen.vm.moref.value, frozen]))
    if (signal.aborted || vms.size === 0) continue
    // What cannot be had now is told with the next reading; a vCenter that is away is told of elsewhere.
    const writes = await performance.read([...vms.values()].map(({ vm }) => ({ ref: vm.moref, instances: diskInstances(vm.devices) })), signal).catch(() => null)
    if (writes === null) continue
    for (const { vm, deviceKey, writtenBytes, latencyMs } of writes) vms.get(vm)?.noteWrites(deviceKey, writtenBytes, latencyMs)
    // Not waited for: the list of VMs may take its time, and nobody depends on it.
    whoIsOff().then((off) => off.forEach((vm) => vms.get(vm)?.noteIdle()), () => {})
  }
}
