import { DEFAULT_APPROVAL_POLICY, SHIPMENT_CARRIED, SHUTDOWN_REFUSALS } from '@driftless/domain'
import type { ApprovalPolicy, CutoverMode, CutoverStatus, ReturnStatus, ShipmentStatus, ShutdownRefusal, ValidationDefault } from '@driftless/domain'
import { Dice } from './dice.ts'

/** What goes wrong, for a while. TARGET_LOST: its agent and its hypervisor burn down, and nothing comes back. */
export const FAULTS = [
  'SOURCE_KILLED', 'TARGET_KILLED', 'COORDINATOR_KILLED', 'SOURCE_MUTE', 'TARGET_MUTE', 'LINK_CUT', 'LINK_SLOW', 'CLOCK_FORWARD', 'CLOCK_BACK',
  'REPORTS_LATE', 'REPORTS_REPEATED', 'DRIVEN_TWICE', 'JOBS_LOST', 'TARGET_LOST',
] as const
export type FaultKind = (typeof FAULTS)[number]

/** Where it goes wrong: in a step of an attempt, after it, or in a step of a return. */
export const STEPS = [
  'READY_FOR_CUTOVER', 'PREFLIGHT', 'GO_NO_GO', 'SOURCE_QUIESCING', 'SOURCE_OFF', 'FINAL_SYNC', 'VERIFYING', 'TARGET_BOOTING', 'VALIDATING', 'COMMITTED', 'ROLLED_BACK',
  'HANDING_BACK', 'PROVING', 'REMOVING_SHADOW', 'STARTING_SOURCE',
] as const satisfies readonly ('READY_FOR_CUTOVER' | CutoverStatus | ReturnStatus)[]
export type StoryStep = (typeof STEPS)[number]

export type Fault = { readonly kind: FaultKind; readonly at: StoryStep | ShipmentStatus; readonly delayMs: number; readonly lastsMs: number }
/** A fault that the proof must find: a bit that flipped in the replica, a write that the tap missed, records that the store forgot. */
export type Lie = 'NONE' | 'BIT_FLIPPED' | 'WRITE_UNSEEN' | 'RECORDS_FORGOTTEN'

export type VmStory = {
  readonly name: string
  readonly sizeBytes: number
  readonly churnBytesPerSecond: number
  /** By how much more it writes each hour, of what it wrote at first. */
  readonly growthAnHour: number
  readonly shutdownMs: number
  /** How often it refuses to shut down before somebody has looked at its console. */
  readonly refusals: number
  readonly bootMs: number
  readonly startMs: number
  readonly removeMs: number
  readonly checkMs: number
  readonly readMs: number
  /** How often its own check fails at the target. */
  readonly broken: number
  readonly lie: Lie
  readonly dependsOn: readonly number[]
  readonly apartGroup: string | null
  /** After the window's start; null: as soon as it is its turn. */
  readonly momentMs: number | null
  /** What people want of it once it runs at the target. */
  readonly after: 'ACCEPT' | 'RETURN' | 'NOTHING'
  readonly afterMs: number
  /** Once accepted: its way back is kept from then on, and perhaps used. */
  readonly later: 'NOTHING' | 'KEEP_WAY_BACK' | 'RETURN'
  /** When it is given up; null: never. */
  readonly cancelMs: number | null
}

/** VMs that travel by device, a lorry's days told in minutes. */
export type ShipmentStory = {
  /** Which of the story's VMs. */
  readonly vms: readonly number[]
  readonly exportMs: number
  readonly importMs: number
  /** For so long the devices cannot be written, and are refused; 0: at once. */
  readonly heldMs: number
  readonly refusedMs: number
  readonly handOverMs: number
  /** As the carrier promises, and as it is; null: they are lost on the way. */
  readonly expectedMs: number
  readonly arrivesMs: number | null
  /** So late, and somebody gives lost devices up. */
  readonly patienceMs: number
  readonly readAfterMs: number
  /** They go with the wrong lorry first, or others are taken for them: it is taken back. */
  readonly wrongLorry: boolean
  readonly wrongParcel: boolean
  /** Of what the devices bring; it comes over the wire. */
  readonly damagedShare: number
  /** When it is given up whatever it is at; null: never. */
  readonly givesUpMs: number | null
}

export type Story = {
  readonly seed: number
  readonly mode: CutoverMode
  readonly parallelCutovers: number
  readonly shutdownSeconds: number
  readonly refusal: ShutdownRefusal
  readonly validationMinutes: number
  readonly validationDefault: ValidationDefault
  readonly keepWayBack: boolean
  readonly policy: ApprovalPolicy
  readonly vms: readonly VmStory[]
  readonly linkBytesPerSecond: number
  readonly latencyMs: number
  /** The agents' clocks are wrong by this. */
  readonly skewMs: { readonly source: number; readonly target: number }
  readonly firstWindow: { readonly inMs: number; readonly lengthMs: number }
  readonly scheduler: 'APPROVES' | 'COUNTERS' | 'REJECTS' | 'SLEEPS'
  readonly approver: 'GO' | 'LATE' | 'NO_GO' | 'SILENT'
  readonly planChanges: number
  readonly pauses: boolean
  readonly faults: readonly Fault[]
  /** Null: all goes over the wire. */
  readonly shipment: ShipmentStory | null
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const MIB = 1024 * 1024
/** Parts of the way that a story is about, so that each step has its share of what goes wrong. */
const FORWARD = STEPS.slice(0, 11)
const BACK = STEPS.slice(9)

/** The story with this seed. Whether devices travel in it is thrown apart: nothing else of it changes with that. */
export function tell(seed: number): Story {
  const story = tellMove(seed)
  const dice = new Dice(seed + 3_000_000)
  if (!dice.chance(0.25)) return story
  const shipment = tellShipment(dice, story.vms.length)
  const faults = Array.from({ length: dice.of([0, 1, 2]) }, () => tellFault(dice, SHIPMENT_CARRIED))
  return { ...story, shipment, faults: [...story.faults, ...faults] }
}

function tellMove(seed: number): Story {
  const dice = new Dice(seed)
  const goesBack = dice.chance(0.45)
  const count = dice.of([1, 1, 2, 2, 3])
  const linkBytesPerSecond = dice.of([4, 12, 40, 120]) * MIB
  // The pressure of a short window, or of a link that hardly keeps up, is in a part of the stories; nothing in the others hides what their faults do.
  const tight = dice.chance(0.25)
  const validationMinutes = goesBack ? dice.of([10, 30, 60]) : dice.of([0, 0, 10, 30])
  return {
    seed,
    mode: dice.of(['AUTOMATIC', 'AUTOMATIC', 'MANUAL', 'SCHEDULED']),
    parallelCutovers: dice.of([1, 1, 2, 3]),
    shutdownSeconds: dice.of([30, 60, 120, 300]),
    refusal: dice.of(SHUTDOWN_REFUSALS),
    validationMinutes,
    validationDefault: dice.of(['ACCEPT', 'ROLL_BACK']),
    keepWayBack: dice.chance(0.6),
    policy: {
      ...DEFAULT_APPROVAL_POLICY, needed: dice.of([1, 1, 2]), waitMinutes: dice.of([0, 0, 0, 3]), expiresHours: dice.of([null, null, 1]),
    },
    vms: Array.from({ length: count }, (_, index) => tellVm(dice, index, goesBack, linkBytesPerSecond / count)),
    linkBytesPerSecond,
    latencyMs: dice.of([1, 10, 60, 200]),
    skewMs: { source: dice.between(-1, 1) * MINUTE_MS, target: dice.between(-1, 1) * MINUTE_MS },
    firstWindow: { inMs: dice.between(1, 25) * MINUTE_MS, lengthMs: tight ? dice.between(5, 12) * MINUTE_MS : dice.between(20, 75) * MINUTE_MS },
    scheduler: dice.of(['APPROVES', 'APPROVES', 'APPROVES', 'APPROVES', 'COUNTERS', 'COUNTERS', 'REJECTS', 'SLEEPS']),
    approver: dice.of(['GO', 'GO', 'GO', 'GO', 'LATE', 'NO_GO', 'SILENT']),
    planChanges: dice.chance(0.15) ? dice.whole(1, 2) : 0,
    pauses: dice.chance(0.08),
    faults: Array.from({ length: dice.of([0, 1, 1, 2, 2, 3, 4]) }, () => tellFault(dice, goesBack && dice.chance(0.6) ? BACK : FORWARD)),
    shipment: null,
  }
}

function tellShipment(dice: Dice, count: number): ShipmentStory {
  const some = Array.from({ length: count }, (_, index) => index).filter(() => dice.chance(0.7))
  const expectedMs = dice.between(2, 20) * MINUTE_MS
  return {
    vms: some.length > 0 ? some : [0],
    exportMs: dice.between(0.5, 6) * MINUTE_MS, importMs: dice.between(0.5, 6) * MINUTE_MS,
    heldMs: dice.chance(0.15) ? dice.between(2, 10) * MINUTE_MS : 0, refusedMs: dice.chance(0.2) ? dice.between(2, 10) * MINUTE_MS : 0,
    handOverMs: dice.between(0.5, 4) * MINUTE_MS,
    expectedMs, arrivesMs: dice.chance(0.15) ? null : expectedMs * (dice.chance(0.3) ? dice.between(1.1, 3) : dice.between(0.4, 1)),
    patienceMs: dice.between(2, 15) * MINUTE_MS, readAfterMs: dice.between(0.5, 4) * MINUTE_MS,
    wrongLorry: dice.chance(0.12), wrongParcel: dice.chance(0.12), damagedShare: dice.chance(0.5) ? dice.between(0.001, 0.2) : 0,
    givesUpMs: dice.chance(0.12) ? dice.between(1, 40) * MINUTE_MS : null,
  }
}

function tellVm(dice: Dice, index: number, goesBack: boolean, shareBytesPerSecond: number): VmStory {
  const loaded = dice.chance(0.12)
  return {
    name: `vm-${index + 1}`,
    sizeBytes: dice.between(1, 30) * 1024 * MIB * (loaded ? 0.1 : 1),
    churnBytesPerSecond: shareBytesPerSecond * (loaded ? dice.between(0.5, 1.2) : dice.between(0.005, 0.3)),
    growthAnHour: loaded ? dice.between(0, 1.5) : dice.between(0, 0.3),
    shutdownMs: (dice.chance(0.15) ? dice.between(30, 600) : dice.between(1, 25)) * SECOND_MS,
    refusals: dice.chance(0.1) ? dice.whole(1, 3) : 0,
    bootMs: dice.between(1, 28) * SECOND_MS,
    startMs: (dice.chance(0.06) ? dice.between(60, 900) : dice.between(1, 28)) * SECOND_MS,
    removeMs: dice.between(1, 25) * SECOND_MS,
    checkMs: (dice.chance(0.06) ? dice.between(60, 900) : dice.between(1, 30)) * SECOND_MS,
    readMs: (dice.chance(0.1) ? dice.between(120, 1_200) : dice.between(1, 60)) * SECOND_MS,
    broken: dice.chance(0.05) ? dice.whole(1, 2) : 0,
    lie: dice.chance(0.15) ? dice.of(['BIT_FLIPPED', 'WRITE_UNSEEN', 'RECORDS_FORGOTTEN']) : 'NONE',
    dependsOn: index > 0 && dice.chance(0.25) ? [dice.whole(0, index - 1)] : [],
    apartGroup: dice.chance(0.3) ? 'cluster' : null,
    momentMs: dice.chance(0.5) ? dice.between(0, 15) * MINUTE_MS : null,
    after: goesBack ? dice.of(['RETURN', 'RETURN', 'NOTHING', 'ACCEPT']) : dice.of(['ACCEPT', 'ACCEPT', 'NOTHING']),
    afterMs: dice.between(1, 20) * MINUTE_MS,
    later: goesBack ? dice.of(['NOTHING', 'KEEP_WAY_BACK', 'RETURN', 'RETURN']) : 'NOTHING',
    cancelMs: dice.chance(0.05) ? dice.between(5, 150) * MINUTE_MS : null,
  }
}

function tellFault(dice: Dice, steps: readonly Fault['at'][]): Fault {
  const kind = dice.of(FAULTS)
  return {
    kind, at: dice.of(steps),
    // Most steps take seconds: what is to meet them comes at once.
    delayMs: dice.of([0, dice.between(0, 2), dice.between(0, 15)]) * SECOND_MS,
    lastsMs: dice.of([dice.between(2, 40), dice.between(2, 40), dice.between(40, 400), dice.between(400, 3_000)]) * SECOND_MS,
  }
}
