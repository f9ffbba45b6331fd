import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** WCAG 2.2, levels A and AA. */
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']

/** Run in the page: resolves when every animation that ends has ended. */
const FADED_IN = `Promise.allSettled(document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity).map(({ finished }) => finished))`

/** Nothing on the page keeps people out: contrast, labels, landmarks. What is fading in is waited for: half seen, it has half its contrast. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(FADED_IN)
  const { violations } = await new AxeBuilder({ page }).withTags(STANDARDS).analyze()
  expect(violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html ?? ''}`)).toEqual([])
}
