import { expect, it } from 'vitest'
import { NEW_AGREEMENT, agreementOf, draftOf } from './agreement-draft.ts'

const chosen = { ...NEW_AGREEMENT, validation: '240' }

it('chooses no validation period for anybody', () => expect(agreementOf(NEW_AGREEMENT)).toBeNull())
it('is what was typed', () => expect(agreementOf({ ...chosen, parallelCutovers: '3', keepWayBack: true })).toEqual({ parallelCutovers: 3, shutdownSeconds: 120, shutdownRefusal: 'ABORT', validationMinutes: 240, validationDefault: 'ACCEPT', keepWayBack: true }))
it('keeps no way back where nothing is validated', () => expect(agreementOf({ ...chosen, validation: '0', keepWayBack: true })).toMatchObject({ keepWayBack: false }))
it.each([['9', '1'], ['3601', '1'], ['', '1'], ['12.5', '1'], ['120', '0'], ['120', '21'], ['120', 'two']])('refuses %j seconds and %j at once', (shutdownSeconds, parallelCutovers) => expect(agreementOf({ ...chosen, shutdownSeconds, parallelCutovers })).toBeNull())
it('comes back as it was', () => {
  const agreement = agreementOf(chosen)
  expect(agreement && agreementOf(draftOf(agreement))).toEqual(agreement)
})
