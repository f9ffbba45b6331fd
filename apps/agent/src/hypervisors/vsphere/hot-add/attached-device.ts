import { openFileDevice } from '@driftless/nbd'
import type { BlockDevice } from '@driftless/nbd'
import { WithClose } from '../../../block/with-close.ts'
import type { AgentVm, AttachRequest } from './agent-vm.ts'

/** Connects a disk to the agent's own VM and opens it there. Closing it disconnects it, and may be done again. */
export async function openAttached(agentVm: AgentVm, request: AttachRequest): Promise<BlockDevice> {
  const { readOnly, sizeBytes } = request
  const { path, deviceKey } = await agentVm.attach(request)
  try {
    const device = await openFileDevice(path, { readOnly, sizeBytes })
    let isOpen = true
    // After a failure it is closed once more, and goes on where it was.
    return new WithClose(device, async () => {
      if (isOpen && !readOnly) await device.flush()
      if (isOpen) await device.close()
      isOpen = false
      await agentVm.detach(deviceKey)
    })
  } catch (error) {
    await agentVm.detach(deviceKey).catch(() => undefined)
    throw error
  }
}
