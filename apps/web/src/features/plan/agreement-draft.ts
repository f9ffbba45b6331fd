import { MOST_PARALLEL_CUTOVERS, SHUTDOWN_LIMIT_SECONDS } from '@driftless/domain'
import type { ShutdownRefusal, ValidationDefault } from '@driftless/domain'

/** Validation periods that are offered, in minutes. 0: a VM is accepted as soon as it is proven to run. */
export const VALIDATION_CHOICES = [0, 60, 240, 1_440, 4_320] as const

/** What a wave agrees on, as typed. `validation` in minutes; empty: not chosen yet, which is nobody's to choose but a person's. */
export type AgreementDraft = {
  readonly shutdownSeconds: string
  readonly shutdownRefusal: ShutdownRefusal
  readonly parallelCutovers: string
  readonly validation: string
  readonly validationDefault: ValidationDefault
  readonly keepWayBack: boolean
}
export const NEW_AGREEMENT: AgreementDraft = { shutdownSeconds: '120', shutdownRefusal: 'ABORT', parallelCutovers: '1', validation: '', validationDefault: 'ACCEPT', keepWayBack: false }

export type Agreement = { parallelCutovers: number; shutdownSeconds: number; shutdownRefusal: ShutdownRefusal; validationMinutes: number; validationDefault: ValidationDefault; keepWayBack: boolean }

/** The draft of what is agreed already. */
export function draftOf({ parallelCutovers, shutdownSeconds, validationMinutes, ...rest }: Agreement): AgreementDraft {
  return { shutdownRefusal: rest.shutdownRefusal, validationDefault: rest.validationDefault, keepWayBack: rest.keepWayBack, parallelCutovers: String(parallelCutovers), shutdownSeconds: String(shutdownSeconds), validation: String(validationMinutes) }
}

/** A whole number between two bounds, both allowed; null where it is none. */
export function wholeNumber(typed: string, least: number, most: number): number | null {
  const value = Number(typed)
  return typed.trim() !== '' && Number.isInteger(value) && value >= least && value <= most ? value : null
}

export const shutdownOf = ({ shutdownSeconds }: AgreementDraft) => wholeNumber(shutdownSeconds, SHUTDOWN_LIMIT_SECONDS.least, SHUTDOWN_LIMIT_SECONDS.most)
export const parallelOf = ({ parallelCutovers }: AgreementDraft) => wholeNumber(parallelCutovers, 1, MOST_PARALLEL_CUTOVERS)

/** What was agreed, as the server takes it; null while something is missing or wrong. Without a validation period there is nothing to go back in. */
export function agreementOf(draft: AgreementDraft): Agreement | null {
  const [shutdownSeconds, parallelCutovers] = [shutdownOf(draft), parallelOf(draft)]
  if (shutdownSeconds === null || parallelCutovers === null || draft.validation === '') return null
  const validationMinutes = Number(draft.validation)
  return { parallelCutovers, shutdownSeconds, shutdownRefusal: draft.shutdownRefusal, validationMinutes, validationDefault: draft.validationDefault, keepWayBack: draft.keepWayBack && validationMinutes > 0 }
}
