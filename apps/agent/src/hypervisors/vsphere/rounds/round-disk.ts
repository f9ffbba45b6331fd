import type { DirtyListener } from '../../../block/dirty-tracking.ts'
import { Statistics } from '../../../block/statistics.ts'
import { Sight } from '../../../tap/sight.ts'
import type { DiskFacts } from '../inventory/vm-facts.ts'
import { FrozenDisk } from './frozen-disk.ts'
import { UnchangedSample } from './unchanged-sample.ts'

/** One disk of the VM, from round to round. */
export interface RoundDisk {
  readonly deviceKey: number
  readonly device: FrozenDisk
  readonly statistics: Statistics
  readonly sight: Sight
  listener: DirtyListener | null
  /** The moment up to which changes were told; null: not known to vCenter. */
  changeId: string | null
  /** What it writes is counted by its host; until then what changed between two moments is the least that was written. */
  counted: boolean
  /** It was shown once, so that whoever listens relies on being told what changes. */
  seen: boolean
  /** Shows the moment of now. */
  shown: boolean
  /** Everything up to the moment of now is durable at the target. */
  durable: boolean
  readonly sample: UnchangedSample
}

/** A disk that was not shown yet. */
export function roundDisk({ deviceKey, sizeBytes }: Pick<DiskFacts, 'deviceKey' | 'sizeBytes'>): RoundDisk {
  const device = new FrozenDisk(sizeBytes)
  return { deviceKey, device, statistics: new Statistics(device), sight: new Sight(), listener: null, changeId: null, counted: false, seen: false, shown: false, durable: false, sample: new UnchangedSample(device) }
}
