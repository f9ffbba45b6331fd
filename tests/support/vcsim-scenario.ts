/** What a test may ask of a simulated vCenter. The simulator's own words for it are in tests/vcsim/scenario.go and control.go. */

export interface ScenarioVm {
  readonly name: string
  readonly cpus?: number
  readonly memoryMiB?: number
  readonly guestId?: string
  readonly firmware?: 'bios' | 'efi'
  /** Such as `vmx-04`. */
  readonly hardwareVersion?: string
  readonly network?: string
  readonly power: 'on' | 'off'
  /** The guest has VMware Tools. */
  readonly tools?: boolean
  readonly changeTracking?: boolean
  /** Filled with random bytes, always the same. */
  readonly disks: readonly { readonly sizeMiB: number; readonly filledMiB: number }[]
  /** Without one the VM never writes. A guest's first disk has 3 MiB or more. */
  readonly guest?: { readonly recordsPerSecond: number; readonly rewriteKiBPerSecond: number }

  // Whatever keeps a VM from being moved while it runs.
  readonly independentDisk?: boolean
  readonly rdm?: boolean
  readonly sharedBus?: boolean
  readonly multiWriter?: boolean
  readonly pciPassthrough?: boolean
  readonly vtpm?: boolean
  readonly snapshot?: boolean
  readonly consolidationNeeded?: boolean
}

export interface Scenario {
  readonly vms: readonly ScenarioVm[]
  /** A VM that runs and has no disks of its own, to which disks are connected. */
  readonly agentVm?: string
}

export type Order =
  /** The next calls of a method fail with a fault of any name; a method ending in `_Task` fails its task. */
  | { readonly do: 'failNext'; readonly method: string; readonly fault: string; readonly message?: string; readonly times?: number }
  | { readonly do: 'endSessions' | 'sessions' | 'rotateCertificate' }
  /** Cuts every connection and answers 503 for a while; all sessions, with what belongs to them, are gone afterwards. */
  | { readonly do: 'restart'; readonly downMs: number }
  /** How long the removal of a snapshot takes from now on. */
  | { readonly do: 'slowRemoval'; readonly ms: number }
  /** Every change id that was handed out is lost. */
  | { readonly do: 'forgetChangeIds' | 'guest'; readonly vm: string }
  /** Moves a VM to another host, while it runs; any other without a name. */
  | { readonly do: 'migrate'; readonly vm: string; readonly host?: string }
  | { readonly do: 'disk'; readonly vm: string; readonly disk: number }
  /** Writes one byte many times; `writeUntracked` so that changed block tracking never tells of it. */
  | { readonly do: 'write' | 'writeUntracked'; readonly vm: string; readonly disk: number; readonly offset: number; readonly length: number; readonly byte: number }
