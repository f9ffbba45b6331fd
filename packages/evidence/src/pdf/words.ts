import type { DowntimePart } from '@driftless/domain'
import type { EvidenceVm } from '../pack.ts'

const KIB = 1024
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

export function sizeInWords(bytes: number): string {
  const step = bytes < KIB ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / KIB ** step
  return `${step === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[step] ?? ''}`
}

/** In UTC, to the second, which auditors of two countries read alike. */
export const moment = (at: string | null): string => (at === null ? '–' : at.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC'))

export function secondsInWords(seconds: number | null): string {
  if (seconds === null) return '–'
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)]
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export const count = (value: number, one: string, many = `${one}s`): string => `${value.toLocaleString('en-US')} ${value === 1 ? one : many}`

/** A line of a custody record as people say it. */
export const SHIPMENT_STEPS: Readonly<Record<string, string>> = {
  PREPARING: 'Begun', PREPARED: 'Prepared', HANDED_OVER: 'Handed over to the carrier', RECEIVED: 'Received at the target', IMPORTING: 'Reading begun', IMPORTED: 'Read', CAUGHT_UP: 'Caught up', CANCELLED: 'Given up',
  PLACES: 'Other places chosen', DAYS: 'Days on the way changed', REFUSED: 'Refused by the target’s agent',
  HELD: 'Could not be written by the source’s agent', CORRECTED: 'Corrected what was said at handing over', TAKEN_BACK: 'Back with the customer', LATE: 'Expected arrival has passed', NOT_RECEIVED: 'Not received after all', DAMAGED: 'Much of a seed was damaged or missing',
}

/** `SOURCE_QUIESCING` as people say it. */
export const STEPS: Readonly<Record<string, string>> = {
  PREFLIGHT: 'Checks before the start', GO_NO_GO: 'Go or no-go', SOURCE_QUIESCING: 'Guest shuts down', SOURCE_OFF: 'Source is off', FINAL_SYNC: 'Last blocks are sent', VERIFYING: 'Both sides are compared', TARGET_BOOTING: 'Target starts', VALIDATING: 'Guest and disks are checked',
  COMMITTED: 'Proven at the target', ROLLED_BACK: 'Gone back', HANDING_BACK: 'Target hands the VM back', PROVING: 'Both sides are compared', REMOVING_SHADOW: 'VM is removed at the target', STARTING_SOURCE: 'Source starts', RETURNED: 'Runs at the source again', CALLED_OFF: 'Return called off',
}
export const PARTS: Readonly<Record<DowntimePart, string>> = { SHUTDOWN: 'shutdown', LAST_BLOCKS: 'last blocks', PROOF: 'proof', START: 'start' }

/** How it ended, as the words in a table. */
export function endInWords({ ending }: EvidenceVm): string {
  switch (ending?.kind) {
    case undefined:
      return 'Not ended'
    case 'ACCEPTED':
      return 'Moved and accepted'
    case 'RETURNED':
      return 'Returned to its source'
    case 'CANCELLED':
      return 'Given up'
    case 'FAILED':
      return 'Failed'
    case 'ROLLED_BACK':
      return 'Went back to its source'
  }
}
