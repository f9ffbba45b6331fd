import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { WithClose } from '../../../block/with-close.ts'
import type { AgentVm } from '../hot-add/agent-vm.ts'
import type { DiskFacts } from '../inventory/vm-facts.ts'

/** Reads a disk that stands still by connecting it to the agent's own VM: at the speed of a local disk, and past vCenter. */
export async function openHotAddReader(agentVm: AgentVm, { fileName, uuid, sizeBytes }: DiskFacts): Promise<BlockDevice> {
  const attached = await agentVm.attach({ fileName, uuid, sizeBytes, readOnly: true })
  try {
    const device = await openFileDevice(attached.path, { readOnly: true, sizeBytes })
    return new WithClose(device, async () => {
      await device.close()
      await agentVm.detach(attached.deviceKey)
    })
  } catch (error) {
    await agentVm.detach(attached.deviceKey).catch(() => {})
    throw error
  }
}
