import type { BlockDevice } from '@driftless/nbd'
import { WithClose } from '../block/with-close.ts'
import { FileReplicaDisks } from '../receiver/file-replica-disks.ts'
import type { ReplicaDiskId } from '../receiver/replica-disks.ts'

/** For tests: disks that a VM runs from directly. Which are open is known, also when the agent that opened them is no more. */
export class DirectDisks extends FileReplicaDisks {
  override readonly direct = true
  readonly opened = new Set<string>()
  /** How many closings still fail. */
  failingCloses = 0

  override async open(disk: ReplicaDiskId): Promise<BlockDevice> {
    const path = this.pathOf(disk)
    const device = await super.open(disk)
    this.opened.add(path)
    return new WithClose(device, async () => {
      await device.close()
      if (this.failingCloses > 0) {
        this.failingCloses -= 1
        throw new Error('vCenter is busy')
      }
      this.opened.delete(path)
    })
  }

  override letGo(disk?: ReplicaDiskId): Promise<void> {
    if (disk !== undefined) this.opened.delete(this.pathOf(disk))
    return Promise.resolve()
  }
}
