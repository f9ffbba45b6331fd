import { expect, it } from 'vitest'
import { countTests } from './vitest-part.ts'

const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults: [{ status: 'failed', assertionResults: [{}] }, { status: 'passed', assertionResults: [{}] }] }

it('counts what vitest reports', () => {
  expect(countTests(JSON.stringify(report))).toEqual({ passed: 3, failed: 1, skipped: 3 })
})

it('counts a file that broke before its first test as a failure', () => {
  expect(countTests(JSON.stringify({ ...report, testResults: [{ status: 'failed', assertionResults: [] }] })).failed).toBe(2)
})

it('counts nothing without a report', () => {
  expect(countTests(null)).toEqual({ passed: 0, failed: 0, skipped: 0 })
})
