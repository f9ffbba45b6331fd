import { WEBHOOK_DISABLED_REASONS, WEBHOOK_EVENT_TYPES, WEBHOOK_FAILURES, WEBHOOK_TEST_EVENT } from '@driftless/domain'
import { expect, it } from 'vitest'
import en from '../../../messages/en/webhooks.json' with { type: 'json' }
import fr from '../../../messages/fr/webhooks.json' with { type: 'json' }
import { GROUPS } from './event-groups.ts'

it('offers every event, once', () => expect(GROUPS.flatMap(({ types }) => types).toSorted()).toEqual(WEBHOOK_EVENT_TYPES.toSorted()))

it.each([['English', en], ['French', fr]])('names every event, failure and reason in %s, and none that there is not', (_, messages) => {
  expect(Object.keys(messages.names).toSorted()).toEqual([...WEBHOOK_EVENT_TYPES, WEBHOOK_TEST_EVENT].map((type) => type.replaceAll(/[.-]/g, '_')).toSorted())
  expect(Object.keys(messages.groups).toSorted()).toEqual(GROUPS.map(({ group }) => group).toSorted())
  expect(Object.keys(messages.failures).toSorted()).toEqual(WEBHOOK_FAILURES.toSorted())
  expect(Object.keys(messages.disabled).toSorted()).toEqual(WEBHOOK_DISABLED_REASONS.toSorted())
})
