import { DomainError } from '@driftless/domain'
import type { CutoverMode } from '@driftless/domain'
import { audit } from '../audit.ts'
import type { ScopedTx } from '../scope.ts'
import { lockPlan } from './lock-plan.ts'

/** A limit below what a fast disk takes would only hide the throttle; a second is no longer a working machine. */
const LATENCY_LIMITS_MS = { least: 1, most: 1_000 }

/** What an operator may change on a wave that runs; what is left out stays. Rates in bytes per second, null for no limit. */
export type WaveControls = {
  readonly paused?: boolean | undefined
  readonly rateBytesPerSecond?: bigint | null | undefined
  readonly guestWriteBytesPerSecond?: bigint | null | undefined
  /** What slowing a guest's writes may add to their latency; null: they are not slowed unless a person sets a throttle. */
  readonly guestLatencyLimitMs?: number | null | undefined
  readonly cutoverMode?: CutoverMode | undefined
}

/** Applies the controls, with an audit entry for each value that really changed. WAVE_UNKNOWN, LATENCY_LIMIT. */
export async function controlWave(tx: ScopedTx, waveId: string, controls: WaveControls): Promise<void> {
  // The mode is part of the plan that a go is said about.
  if (controls.cutoverMode !== undefined) await lockPlan(tx, waveId)
  const wave = await tx.db.wave.findUnique({ where: { id: waveId } })
  if (!wave) throw new DomainError('WAVE_UNKNOWN', 'There is no such wave.')
  const subject = { ...wave, kind: 'wave' } as const
  const changed = <T>(wanted: T | undefined, present: T): wanted is T => wanted !== undefined && wanted !== present
  if (changed(controls.paused, wave.paused)) {
    await tx.db.wave.update({ where: { id: waveId }, data: { paused: controls.paused } })
    await audit(tx, controls.paused ? 'wave.pause' : 'wave.resume', subject)
  }
  if (changed(controls.rateBytesPerSecond, wave.rateBytesPerSecond)) {
    await tx.db.wave.update({ where: { id: waveId }, data: { rateBytesPerSecond: controls.rateBytesPerSecond } })
    await audit(tx, 'wave.rate', subject, { before: text(wave.rateBytesPerSecond), after: text(controls.rateBytesPerSecond) })
  }
  if (changed(controls.guestWriteBytesPerSecond, wave.guestWriteBytesPerSecond)) {
    await tx.db.wave.update({ where: { id: waveId }, data: { guestWriteBytesPerSecond: controls.guestWriteBytesPerSecond } })
    await audit(tx, 'wave.throttle', subject, { before: text(wave.guestWriteBytesPerSecond), after: text(controls.guestWriteBytesPerSecond) })
  }
  if (changed(controls.guestLatencyLimitMs, wave.guestLatencyLimitMs)) {
    const { least, most } = LATENCY_LIMITS_MS
    const limit = controls.guestLatencyLimitMs
    if (limit !== null && !(Number.isInteger(limit) && limit >= least && limit <= most)) throw new DomainError('LATENCY_LIMIT', `A latency limit lies between ${least} and ${most} ms.`, { least, most })
    await tx.db.wave.update({ where: { id: waveId }, data: { guestLatencyLimitMs: limit } })
    await audit(tx, 'wave.latency-limit', subject, { before: text(wave.guestLatencyLimitMs), after: text(limit) })
  }
  if (changed(controls.cutoverMode, wave.cutoverMode)) {
    await tx.db.wave.update({ where: { id: waveId }, data: { cutoverMode: controls.cutoverMode } })
    await audit(tx, 'wave.cutover-mode', subject, { before: wave.cutoverMode, after: controls.cutoverMode })
  }
}

function text(limit: bigint | number | null): string {
  return limit === null ? 'none' : String(limit)
}
