import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** WCAG 2.2, levels A and AA. */
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']

/**
 * Run in the page: resolves when nothing has faded or changed its colours for three frames, since a dialog that closes fades only with the
 * next one; at the latest after so many looks. Bars that grow with every report are not waited for: they never rest, and are as readable as ever.
 */
const FADED_IN = `(async () => {
  const fades = ({ effect, playState }) => playState === 'running' && effect.getComputedTiming().endTime !== Infinity && effect.getKeyframes().some((frame) => 'opacity' in frame || 'color' in frame || 'backgroundColor' in frame)
  for (let quiet = 0, looks = 0; quiet < 3 && looks < 300; looks += 1) {
    quiet = document.getAnimations().some(fades) ? 0 : quiet + 1
    await new Promise(requestAnimationFrame)
  }
})()`

/** Nothing on the page keeps people out: contrast, labels, landmarks. What is fading in is waited for: half seen, or halfway to another colour, it has half its contrast. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(FADED_IN)
  const { violations } = await new AxeBuilder({ page }).withTags(STANDARDS).analyze()
  expect(violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html ?? ''}`)).toEqual([])
}
